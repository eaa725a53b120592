{#- Grain: one row per occurrence of an anchor and standard it is judged by, and one with the metric
    `all` for the occurrence as a whole, which is met when none of its critical standards was
    missed. What was decided stays: it is judged by what was known in the month in which the waiting
    time was over, and until then it is pending, even where it is decided already. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

-- When something happened: a first subscription, a query, a complaint.

subscriptions as (

    select
        spans.customer_id,
        spans.subscription_id,
        spans.valid_from as started_on,
        row_number() over (
            partition by spans.customer_id order by spans.valid_from, spans.subscription_id
        ) as subscription_number
    from {{ ref('int_subscription_spans') }} as spans
    inner join run_window on spans.valid_from <= run_window.last_month
    where
        spans.exclusion_reason is null
        and spans.quantity > 0
        and spans.customer_id is not null

),

topics as (

    select
        ticket_states.ticket_id,
        ticket_states.topic,
        min(ticket_states.from_month) as topic_month
    from {{ ref('int_ticket_states') }} as ticket_states
    where ticket_states.topic is not null
    group by ticket_states.ticket_id, ticket_states.topic

),

tickets as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        tickets.opened_kind,
        tickets.created_at,
        tickets.first_agent_reply_at,
        topics.topic,
        greatest({{ month_end('tickets.known_at') }}, topics.topic_month) as known_month,
        {{ month_end('tickets.excluded_at') }} as excluded_month
    from {{ ref('int_tickets') }} as tickets
    left join topics on tickets.ticket_id = topics.ticket_id

),

calendars as (

    select
        ticket_states.ticket_id,
        ticket_states.calendar_id,
        max(ticket_states.open_seconds_at_creation) as open_seconds_at_start,
        max(ticket_states.days_without_hours_at_creation) as days_without_hours_at_start,
        min(ticket_states.from_month) as calendar_month
    from {{ ref('int_ticket_states') }} as ticket_states
    where ticket_states.calendar_id is not null
    group by ticket_states.ticket_id, ticket_states.calendar_id

),

solutions as (

    select
        ticket_spells.ticket_id,
        min(ticket_spells.started_at) as solved_at,
        min(ticket_spells.month_end) as solved_month
    from {{ ref('int_ticket_spells') }} as ticket_spells
    where ticket_spells.state = 'solved'
    group by ticket_spells.ticket_id

),

complaints as (

    select
        complaint_states.complaint_id,
        complaint_states.ticket_id,
        complaint_states.customer_id,
        min(complaint_states.received_at) as received_at,
        min(
            case
                when complaint_states.severity <= {{ var('anchor_severity_max') }}
                    then complaint_states.from_month
            end
        ) as known_month,
        max(complaint_states.calendar_id) as calendar_id,
        min(
            case when complaint_states.calendar_id is not null then complaint_states.from_month end
        ) as calendar_month,
        max(complaint_states.open_seconds_at_receipt) as open_seconds_at_start,
        max(complaint_states.days_without_hours_at_receipt) as days_without_hours_at_start,
        min(complaint_states.solved_at) as solved_at,
        min(case when complaint_states.is_solved then complaint_states.from_month end)
            as solved_month
    from {{ ref('int_complaint_states') }} as complaint_states
    group by
        complaint_states.complaint_id, complaint_states.ticket_id, complaint_states.customer_id

),

occurrences as (

    select
        'subscription_started' as trigger_event,
        'first_installation' as anchor_id,
        subscriptions.subscription_id as occurrence_id,
        cast(null as varchar) as ticket_id,
        subscriptions.customer_id,
        cast(subscriptions.started_on as timestamp) as occurred_at,
        {{ month_end('subscriptions.started_on') }} as known_month,
        cast(null as date) as excluded_month,
        cast(null as varchar) as calendar_id,
        cast(null as date) as calendar_month,
        cast(null as bigint) as open_seconds_at_start,
        cast(null as bigint) as days_without_hours_at_start,
        cast(null as timestamp) as replied_at,
        cast(null as timestamp) as solved_at,
        cast(null as date) as solved_month
    from subscriptions
    inner join run_window
        on subscriptions.started_on >= {{ dbt.date_trunc('month', 'run_window.history_start') }}
    where subscriptions.subscription_number = 1
    union all
    select
        'ticket_opened' as trigger_event,
        anchor_topics.anchor_id,
        tickets.ticket_id as occurrence_id,
        tickets.ticket_id,
        tickets.customer_id,
        tickets.created_at as occurred_at,
        tickets.known_month,
        tickets.excluded_month,
        calendars.calendar_id,
        calendars.calendar_month,
        calendars.open_seconds_at_start,
        calendars.days_without_hours_at_start,
        tickets.first_agent_reply_at as replied_at,
        solutions.solved_at,
        solutions.solved_month
    from tickets
    inner join {{ ref('anchor_topics') }} as anchor_topics on tickets.topic = anchor_topics.topic
    left join calendars on tickets.ticket_id = calendars.ticket_id
    left join solutions on tickets.ticket_id = solutions.ticket_id
    where tickets.opened_kind <> 'complaint'
    union all
    select
        'complaint_received' as trigger_event,
        'major_complaint' as anchor_id,
        complaints.complaint_id as occurrence_id,
        complaints.ticket_id,
        complaints.customer_id,
        complaints.received_at as occurred_at,
        complaints.known_month,
        tickets.excluded_month,
        complaints.calendar_id,
        complaints.calendar_month,
        complaints.open_seconds_at_start,
        complaints.days_without_hours_at_start,
        tickets.first_agent_reply_at as replied_at,
        complaints.solved_at,
        complaints.solved_month
    from complaints
    left join tickets on complaints.ticket_id = tickets.ticket_id
    where complaints.known_month is not null

),

-- What is not measured when it happens is not judged by that standard.
cases as (

    select
        occurrences.*,
        standards.metric,
        standards.standard,
        standards.unit,
        standards.is_critical,
        standards.weight
    from occurrences
    inner join {{ ref('int_anchor_standards') }} as standards
        on
            occurrences.anchor_id = standards.anchor_id
            and occurrences.trigger_event = standards.trigger_event
            and {{ holds_on(
                'cast(occurrences.occurred_at as date)', 'standards.valid_from',
                'standards.valid_to'
            ) }}
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            standards.measured_fact = measured_facts.fact
            and {{ month_end('occurrences.occurred_at') }} = measured_facts.as_of_date
    where measured_facts.is_measured

),

-- Standards in business time: by the calendar of the service level that was applied.

hours as (

    select
        business_hours.calendar_id,
        business_hours.valid_from,
        business_hours.valid_to,
        max(business_hours.open_minutes) as day_minutes
    from {{ ref('int_business_hours') }} as business_hours
    group by
        business_hours.calendar_id, business_hours.valid_from, business_hours.valid_to

),

timed_cases as (

    select
        cases.*,
        cases.standard
        * case
            when cases.unit = 'business_hours' then 3600 else hours.day_minutes * 60
        end as target_seconds,
        case when cases.metric = 'first_reply_time' then cases.replied_at else cases.solved_at end
            as done_at,
        case
            when cases.metric = 'first_reply_time' then {{ month_end('cases.replied_at') }}
            else cases.solved_month
        end as done_month
    from cases
    left join hours
        on
            cases.calendar_id = hours.calendar_id
            and {{ holds_on(
                'cast(cases.occurred_at as date)', 'hours.valid_from', 'hours.valid_to'
            ) }}
    where cases.unit in ('business_hours', 'business_days')

),

calendar_months as (

    select
        business_days.calendar_id,
        business_days.business_date as as_of_date,
        (business_days.open_minutes_before + business_days.open_minutes) * 60 as open_seconds,
        business_days.days_without_hours
    from {{ ref('int_business_days') }} as business_days
    inner join {{ ref('int_months') }} as months on business_days.business_date = months.as_of_date

),

due_months as (

    select
        timed_cases.anchor_id,
        timed_cases.occurrence_id,
        timed_cases.metric,
        min(calendar_months.as_of_date) as due_month
    from timed_cases
    inner join calendar_months
        on
            timed_cases.calendar_id = calendar_months.calendar_id
            and timed_cases.days_without_hours_at_start = calendar_months.days_without_hours
            and {{ month_end('timed_cases.occurred_at') }} <= calendar_months.as_of_date
            and calendar_months.open_seconds - timed_cases.open_seconds_at_start
            >= timed_cases.target_seconds
    group by timed_cases.anchor_id, timed_cases.occurrence_id, timed_cases.metric

),

timed as (

    select
        timed_cases.*,
        case
            when timed_cases.open_seconds_at_start is null then timed_cases.known_month
            when due_months.due_month is not null
                then greatest(
                    due_months.due_month, timed_cases.known_month, timed_cases.calendar_month
                )
        end as decided_month,
        case
            when timed_cases.done_at >= timed_cases.occurred_at
                then {{ open_seconds('done_days', 'timed_cases.done_at') }}
                    - timed_cases.open_seconds_at_start
            when timed_cases.done_at < timed_cases.occurred_at then 0
        end as elapsed_seconds
    from timed_cases
    left join due_months
        on
            timed_cases.anchor_id = due_months.anchor_id
            and timed_cases.occurrence_id = due_months.occurrence_id
            and timed_cases.metric = due_months.metric
    left join {{ ref('int_business_days') }} as done_days
        on
            timed_cases.calendar_id = done_days.calendar_id
            and cast(timed_cases.done_at as date) = done_days.business_date
            and timed_cases.days_without_hours_at_start = done_days.days_without_hours

),

-- The other standards: each with its own waiting time.

logins as (

    select
        usage_months.customer_id,
        min(usage_months.first_login_date) as first_login_date
    from {{ ref('int_usage_months') }} as usage_months
    where usage_months.customer_id is not null
    group by usage_months.customer_id

),

setup_topics as (

    select anchor_topics.topic
    from {{ ref('anchor_topics') }} as anchor_topics
    where anchor_topics.anchor_id = 'first_installation'

),

setup_tickets as (

    select
        cases.occurrence_id,
        count(*) as ticket_count
    from cases
    inner join tickets
        on
            cases.customer_id = tickets.customer_id
            and cases.occurred_at <= tickets.created_at
            and {{ dbt.dateadd('day', var('anchor_setup_days'), 'cases.occurred_at') }}
            >= cast(tickets.created_at as date)
    inner join setup_topics on tickets.topic = setup_topics.topic
    where
        cases.metric = 'setup_tickets'
        and tickets.known_month <= {{ month_end(
            dbt.dateadd('day', var('anchor_setup_days'), 'cases.occurred_at')
        ) }}
        and (
            tickets.excluded_month is null
            or tickets.excluded_month > {{ month_end(
                dbt.dateadd('day', var('anchor_setup_days'), 'cases.occurred_at')
            ) }}
        )
    group by cases.occurrence_id

),

answers as (

    select
        cases.anchor_id,
        cases.occurrence_id,
        survey_answers.score_0_100,
        row_number() over (
            partition by cases.anchor_id, cases.occurrence_id
            order by
                case when survey_answers.measure = 'anchor' then 1 else 0 end desc,
                survey_answers.responded_at desc, survey_answers.response_id desc
        ) as answer_rank
    from cases
    inner join {{ ref('int_survey_answers') }} as survey_answers
        on
            cases.ticket_id = survey_answers.ticket_id
            and cases.occurred_at <= survey_answers.responded_at
            and {{ dbt.dateadd('day', var('anchor_answer_days'), 'cases.occurred_at') }}
            >= survey_answers.responded_at
    where
        cases.metric = 'satisfaction'
        and survey_answers.score_0_100 is not null
        and (
            survey_answers.measure = 'csat'
            or (
                survey_answers.measure = 'anchor' and survey_answers.anchor_id = cases.anchor_id
            )
        )

),

waits as (

    select
        cases.*,
        greatest(
            cases.known_month,
            {{ month_end(dbt.dateadd(
                'day',
                "case cases.metric"
                ~ " when 'days_to_first_success' then cast(cases.standard as integer)"
                ~ " when 'setup_tickets' then " ~ var('anchor_setup_days')
                ~ " when 'first_contact' then " ~ var('recontact_days')
                ~ " else " ~ var('anchor_answer_days') ~ " end",
                'cast(cases.occurred_at as date)'
            )) }}
        ) as decided_month
    from cases
    where cases.unit not in ('business_hours', 'business_days')

),

judged as (

    select
        timed.anchor_id,
        timed.metric,
        timed.occurrence_id,
        timed.ticket_id,
        timed.customer_id,
        timed.occurred_at,
        timed.known_month as month_end,
        coalesce(greatest(timed.known_month, timed.calendar_month), timed.known_month)
            as counted_from,
        timed.excluded_month,
        timed.is_critical,
        timed.weight,
        timed.decided_month,
        case
            when timed.open_seconds_at_start is null then null
            when timed.done_month <= timed.decided_month and timed.elapsed_seconds is null then null
            else
                coalesce(
                    timed.done_month <= timed.decided_month
                    and timed.elapsed_seconds <= timed.target_seconds,
                    false
                )
        end as is_met
    from timed
    union all
    select
        waits.anchor_id,
        waits.metric,
        waits.occurrence_id,
        waits.ticket_id,
        waits.customer_id,
        waits.occurred_at,
        waits.known_month as month_end,
        waits.known_month as counted_from,
        waits.excluded_month,
        waits.is_critical,
        waits.weight,
        waits.decided_month,
        case waits.metric
            when 'days_to_first_success'
                then coalesce(
                    {{ days_between(
                        'cast(waits.occurred_at as date)', 'logins.first_login_date'
                    ) }} <= waits.standard, false
                )
            when 'setup_tickets'
                then coalesce(setup_tickets.ticket_count, 0) <= waits.standard
            when 'first_contact' then ticket_states.is_first_contact
            -- The standard stands on a scale of five points.
            when 'satisfaction' then answers.score_0_100 >= (waits.standard - 1) * 25
        end as is_met
    from waits
    left join logins on waits.customer_id = logins.customer_id
    left join setup_tickets on waits.occurrence_id = setup_tickets.occurrence_id
    left join answers
        on
            waits.anchor_id = answers.anchor_id
            and waits.occurrence_id = answers.occurrence_id
            and answers.answer_rank = 1
    left join {{ ref('int_ticket_states') }} as ticket_states
        on
            case when waits.metric = 'first_contact' then waits.ticket_id end
            = ticket_states.ticket_id
            and {{ holds_on(
                'waits.decided_month', 'ticket_states.from_month', 'ticket_states.to_month'
            ) }}

),

wholes as (

    select
        judged.anchor_id,
        judged.occurrence_id,
        max(judged.counted_from) as counted_from,
        case
            when count(*) = count(judged.decided_month) then max(judged.decided_month)
        end as decided_month,
        min(cast(judged.is_met as integer)) = 1 as is_met,
        max(judged.ticket_id) as ticket_id,
        max(judged.customer_id) as customer_id,
        max(judged.occurred_at) as occurred_at,
        max(judged.month_end) as month_end,
        max(judged.excluded_month) as excluded_month
    from judged
    where judged.is_critical
    group by judged.anchor_id, judged.occurrence_id

)

select
    judged.anchor_id,
    judged.metric,
    judged.occurrence_id,
    judged.ticket_id,
    judged.customer_id,
    judged.occurred_at,
    judged.month_end,
    judged.counted_from,
    judged.excluded_month,
    judged.decided_month,
    judged.weight,
    judged.is_critical,
    judged.is_met
from judged
where judged.excluded_month is null or judged.excluded_month > judged.month_end
union all
select
    wholes.anchor_id,
    'all' as metric,
    wholes.occurrence_id,
    wholes.ticket_id,
    wholes.customer_id,
    wholes.occurred_at,
    wholes.month_end,
    wholes.counted_from,
    wholes.excluded_month,
    wholes.decided_month,
    cast(null as decimal(9, 2)) as weight,
    cast(null as boolean) as is_critical,
    wholes.is_met
from wholes
where wholes.excluded_month is null or wholes.excluded_month > wholes.month_end
