{#- Grain: one row per case of a process (a ticket, a complaint) and stay in one of its steps. A
    stay is rework when the case had been in a later step before. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

tickets as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        {{ month_end('tickets.excluded_at') }} as excluded_month
    from {{ ref('int_tickets') }} as tickets

),

calendars as (

    select
        ticket_states.ticket_id,
        max(ticket_states.calendar_id) as calendar_id
    from {{ ref('int_ticket_states') }} as ticket_states
    where ticket_states.calendar_id is not null
    group by ticket_states.ticket_id

),

changes as (

    select
        'ticket' as process,
        ticket_events.ticket_id as case_id,
        ticket_events.ticket_id,
        ticket_events.to_status as step,
        ticket_events.occurred_at as started_at,
        ticket_events.event_id
    from {{ ref('stg_support__ticket_events') }} as ticket_events
    inner join run_window
        on cast(ticket_events.occurred_at as date) <= run_window.last_month
    union all
    select
        'complaint' as process,
        complaint_events.complaint_id as case_id,
        complaint_events.ticket_id,
        complaint_events.state as step,
        complaint_events.occurred_at as started_at,
        '' as event_id
    from {{ ref('stg_support__complaint_events') }} as complaint_events
    inner join run_window
        on cast(complaint_events.occurred_at as date) <= run_window.last_month

),

-- A status that is no step of the process (merged, spam, test) ends the stay before it.
placed as (

    select
        changes.*,
        process_steps.place,
        process_steps.is_end,
        process_steps.may_end,
        lead(changes.started_at) over in_order as ended_at,
        max(process_steps.place) over (
            partition by changes.process, changes.case_id
            order by changes.started_at, process_steps.place, changes.event_id, changes.step
            rows between unbounded preceding and 1 preceding
        ) as furthest_place
    from changes
    left join {{ ref('process_order') }} as process_steps
        on changes.process = process_steps.process and changes.step = process_steps.step
    window in_order as (
        partition by changes.process, changes.case_id
        order by changes.started_at, process_steps.place, changes.event_id, changes.step
    )

),

visits as (

    select
        placed.*,
        tickets.customer_id,
        tickets.excluded_month,
        calendars.calendar_id
    from placed
    left join tickets on placed.ticket_id = tickets.ticket_id
    left join calendars on placed.ticket_id = calendars.ticket_id
    where placed.place is not null

)

select
    visits.process,
    visits.case_id,
    visits.step,
    visits.customer_id,
    visits.started_at,
    {{ month_end('visits.started_at') }} as month_end,
    visits.ended_at,
    {{ month_end('visits.ended_at') }} as ended_month,
    visits.excluded_month,
    coalesce(visits.furthest_place > visits.place, false) as is_rework,
    {{ minutes_between('visits.started_at', 'visits.ended_at') }} as minutes,
    case
        when
            not started_days.is_without_hours
            and started_days.days_without_hours = ended_days.days_without_hours
            then cast(
                floor(
                    (
                        {{ open_seconds('ended_days', 'visits.ended_at') }}
                        - {{ open_seconds('started_days', 'visits.started_at') }}
                    ) / 60
                ) as integer
            )
    end as business_minutes,
    visits.is_end,
    visits.may_end
from visits
left join {{ ref('int_business_days') }} as started_days
    on
        visits.calendar_id = started_days.calendar_id
        and cast(visits.started_at as date) = started_days.business_date
left join {{ ref('int_business_days') }} as ended_days
    on
        visits.calendar_id = ended_days.calendar_id
        and cast(visits.ended_at as date) = ended_days.business_date
