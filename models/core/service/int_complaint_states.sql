{#- Grain: one row per complaint and span of month ends [from_month, to_month) at which it stood the
    same. Says how a complaint stood at any month end, as known then. It is judged by the service
    level of the ticket it came by; before its life cycle begins its ticket speaks for it. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

complaints as (

    select
        complaints.*,
        {{ month_end('complaints.excluded_at') }} as excluded_month
    from {{ ref('int_complaints') }} as complaints

),

places as (

    {% for state in complaint_states() -%}
    select
        '{{ state }}' as state,
        {{ loop.index }} as place
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A later state's word on severity and on who was right holds; a number that grows with the state
-- carries it through the running maximum.
events as (

    select
        complaint_events.complaint_id,
        {{ month_end('complaint_events.occurred_at') }} as month_end,
        max(places.place * 10 + complaint_events.severity) as severity_code,
        max(
            places.place * 10
            + case complaint_events.is_upheld when true then 1 when false then 0 end
        ) as upheld_code,
        max(case when complaint_events.state = 'solved' then complaint_events.occurred_at end)
            as solved_at
    from {{ ref('stg_support__complaint_events') }} as complaint_events
    inner join run_window
        on cast(complaint_events.occurred_at as date) <= run_window.last_month
    inner join places on complaint_events.state = places.state
    group by complaint_events.complaint_id, {{ month_end('complaint_events.occurred_at') }}

),

-- Another complaint of the customer within the days after it.
repeats as (

    select
        complaints.complaint_id,
        later_complaints.month_end,
        later_complaints.excluded_month
    from complaints
    inner join complaints as later_complaints
        on
            complaints.customer_id = later_complaints.customer_id
            and complaints.complaint_id <> later_complaints.complaint_id
            and later_complaints.known_at
            <= {{ dbt.dateadd('day', var('repeat_complaint_days'), 'complaints.known_at') }}
    where
        (
            complaints.known_at < later_complaints.known_at
            or (
                complaints.known_at = later_complaints.known_at
                and complaints.complaint_id < later_complaints.complaint_id
            )
        )
        and (
            later_complaints.excluded_month is null
            or later_complaints.excluded_month > later_complaints.month_end
        )

),

changes as (

    select
        complaints.complaint_id,
        complaints.month_end,
        0 as has_life_cycle,
        cast(null as integer) as severity_code,
        cast(null as integer) as upheld_code,
        cast(null as timestamp) as solved_at,
        0 as repeat_count
    from complaints
    union all
    select
        events.complaint_id,
        events.month_end,
        1 as has_life_cycle,
        events.severity_code,
        events.upheld_code,
        events.solved_at,
        0 as repeat_count
    from events
    union all
    select
        complaints.complaint_id,
        ticket_states.from_month as month_end,
        0 as has_life_cycle,
        cast(null as integer) as severity_code,
        cast(null as integer) as upheld_code,
        cast(null as timestamp) as solved_at,
        0 as repeat_count
    from complaints
    inner join {{ ref('int_ticket_states') }} as ticket_states
        on complaints.ticket_id = ticket_states.ticket_id
    union all
    select
        repeats.complaint_id,
        repeats.month_end,
        0 as has_life_cycle,
        cast(null as integer) as severity_code,
        cast(null as integer) as upheld_code,
        cast(null as timestamp) as solved_at,
        1 as repeat_count
    from repeats
    union all
    select
        repeats.complaint_id,
        repeats.excluded_month as month_end,
        0 as has_life_cycle,
        cast(null as integer) as severity_code,
        cast(null as integer) as upheld_code,
        cast(null as timestamp) as solved_at,
        -1 as repeat_count
    from repeats
    where repeats.excluded_month is not null

),

months_of_change as (

    select
        changes.complaint_id,
        greatest(changes.month_end, complaints.month_end) as from_month,
        max(changes.has_life_cycle) as has_life_cycle,
        max(changes.severity_code) as severity_code,
        max(changes.upheld_code) as upheld_code,
        max(changes.solved_at) as solved_at,
        sum(changes.repeat_count) as repeat_count
    from changes
    inner join complaints on changes.complaint_id = complaints.complaint_id
    group by changes.complaint_id, greatest(changes.month_end, complaints.month_end)

),

so_far as (

    select
        months_of_change.complaint_id,
        months_of_change.from_month,
        lead(months_of_change.from_month) over (
            partition by months_of_change.complaint_id order by months_of_change.from_month
        ) as next_month,
        max(months_of_change.has_life_cycle) over earlier = 1 as has_life_cycle,
        max(months_of_change.severity_code) over earlier as severity_code,
        max(months_of_change.upheld_code) over earlier as upheld_code,
        max(months_of_change.solved_at) over earlier as solved_at,
        sum(months_of_change.repeat_count) over earlier as repeat_count
    from months_of_change
    window earlier as (
        partition by months_of_change.complaint_id order by months_of_change.from_month
        rows between unbounded preceding and current row
    )

),

states as (

    select
        so_far.complaint_id,
        so_far.from_month,
        case
            when
                complaints.excluded_month is not null
                and (
                    so_far.next_month is null or complaints.excluded_month < so_far.next_month
                )
                then complaints.excluded_month
            else so_far.next_month
        end as to_month,
        complaints.ticket_id,
        complaints.customer_id,
        complaints.known_at,
        complaints.month_end as complaint_month,
        case
            when complaints.received_at <= complaints.known_at then complaints.received_at
            else complaints.known_at
        end as received_at,
        coalesce(cast(mod(so_far.severity_code, 10) as integer), ticket_states.severity)
            as severity,
        mod(so_far.upheld_code, 10) = 1 as is_upheld,
        case
            when so_far.has_life_cycle then so_far.solved_at
            else ticket_states.solved_at
        end as solved_at,
        so_far.repeat_count > 0 as is_repeated,
        ticket_states.calendar_id,
        ticket_states.resolution_target_minutes
    from so_far
    inner join complaints on so_far.complaint_id = complaints.complaint_id
    left join {{ ref('int_ticket_states') }} as ticket_states
        on
            complaints.ticket_id = ticket_states.ticket_id
            and {{ holds_on(
                'so_far.from_month', 'ticket_states.from_month', 'ticket_states.to_month'
            ) }}
    where complaints.excluded_month is null or so_far.from_month < complaints.excluded_month

)

select
    states.complaint_id,
    states.from_month,
    states.to_month,
    states.ticket_id,
    states.customer_id,
    states.known_at,
    states.complaint_month,
    states.received_at,
    states.severity,
    states.is_upheld,
    states.solved_at is not null as is_solved,
    states.solved_at,
    states.is_repeated,
    states.calendar_id,
    case
        when not received_days.is_without_hours
            then {{ open_seconds('received_days', 'states.received_at') }}
    end as open_seconds_at_receipt,
    received_days.days_without_hours as days_without_hours_at_receipt,
    case
        when
            states.solved_at >= states.received_at
            and not received_days.is_without_hours
            and solved_days.days_without_hours = received_days.days_without_hours
            then cast(
                floor(
                    (
                        {{ open_seconds('solved_days', 'states.solved_at') }}
                        - {{ open_seconds('received_days', 'states.received_at') }}
                    ) / 60
                ) as integer
            )
    end as resolution_business_minutes,
    states.resolution_target_minutes
from states
left join {{ ref('int_business_days') }} as received_days
    on
        states.calendar_id = received_days.calendar_id
        and cast(states.received_at as date) = received_days.business_date
left join {{ ref('int_business_days') }} as solved_days
    on
        states.calendar_id = solved_days.calendar_id
        and cast(states.solved_at as date) = solved_days.business_date
