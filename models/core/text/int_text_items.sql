{#- Grain: one row per text that a customer wrote, as known at the end of the run's last month, with
    its scores and the customer. Trial answers are left out; texts on tickets that turned out to be
    merged, spam or tests stay, with the time from which they count nowhere. Holds no text. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

scores as (

    select text_scores.*
    from {{ ref('stg_ml__text_scores') }} as text_scores
    inner join run_window
        on cast(text_scores.happened_at as date) <= run_window.last_month

),

messages as (

    select
        scores.*,
        'support' as source_system,
        tickets.customer_id,
        tickets.ticket_id as known_ticket_id,
        -- A message counts once its ticket is known, too.
        case
            when tickets.known_at > scores.happened_at then tickets.known_at
            else scores.happened_at
        end as known_at,
        tickets.excluded_at
    from scores
    left join {{ ref('int_tickets') }} as tickets on scores.ticket_id = tickets.ticket_id
    where scores.source_table = 'support.ticket_comments'

),

answers as (

    select
        scores.*,
        'survey' as source_system,
        survey_answers.customer_id,
        survey_answers.ticket_id as known_ticket_id,
        case
            when survey_answers.sent_at > scores.happened_at then survey_answers.sent_at
            else scores.happened_at
        end as known_at,
        cast(null as timestamp) as excluded_at
    from scores
    inner join {{ ref('int_survey_answers') }} as survey_answers
        on scores.response_id = survey_answers.response_id
    where
        scores.source_table = 'survey.responses'
        and coalesce(survey_answers.exclusion_reason, '') <> 'test'

),

items as (

    select * from messages
    union all
    select * from answers

)

select
    items.source_table,
    items.item_id,
    items.source_system,
    items.customer_id,
    items.known_ticket_id as ticket_id,
    items.response_id,
    items.happened_at,
    {{ month_end('items.happened_at') }} as month_end,
    items.known_at,
    {{ month_end('items.known_at') }} as known_month,
    items.excluded_at,
    items.language,
    items.sentiment,
    items.topic,
    items.severity,
    items.model_version
from items
