{#- Grain: one row per invitation as known at the end of the run's last month. Who did not answer
    stays here: it is a non-response, not a neutral answer. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select
        identity_links.source_id as respondent_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'survey'

),

programmes as (

    select programmes.*
    from {{ ref('stg_survey__programmes') }} as programmes
    inner join run_window
        on
            cast(programmes.valid_from as date) <= run_window.last_month
            and (
                programmes.valid_to is null
                or cast(programmes.valid_to as date) > run_window.last_month
            )

),

answers as (

    select
        survey_answers.invitation_id,
        min(survey_answers.responded_at) as first_answered_at,
        sum(case when survey_answers.is_latest_in_wave then 1 else 0 end) as answer_count
    from {{ ref('int_survey_answers') }} as survey_answers
    where coalesce(survey_answers.exclusion_reason, 'duplicate_in_wave') = 'duplicate_in_wave'
    group by survey_answers.invitation_id

)

select
    invitations.invitation_id,
    links.customer_id,
    invitations.programme_id,
    programmes.programme_kind,
    invitations.wave,
    invitations.channel,
    invitations.ticket_id,
    invitations.sent_at,
    {{ month_end('invitations.sent_at') }} as month_end,
    invitations.is_delivered,
    answers.invitation_id is not null as is_answered,
    answers.first_answered_at,
    cast(coalesce(answers.answer_count, 0) as integer) as answer_count
from {{ ref('stg_survey__invitations') }} as invitations
inner join run_window on cast(invitations.sent_at as date) <= run_window.last_month
left join links on invitations.respondent_id = links.respondent_id
left join programmes on invitations.programme_id = programmes.programme_id
left join answers on invitations.invitation_id = answers.invitation_id
