{#- Grain: one row per complaint as known at the end of the run's last month. A complaint is a
    record of the complaint life cycle, or a ticket of that kind that has none. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

events as (

    select complaint_events.*
    from {{ ref('stg_support__complaint_events') }} as complaint_events
    inner join run_window on cast(complaint_events.occurred_at as date) <= run_window.last_month

),

-- The ticket by which it came is the one of its first event.
cycles as (

    select
        events.complaint_id,
        min(events.occurred_at) as first_event_at,
        min(events.ticket_id) as ticket_id
        {%- for state in complaint_states() %},
        max(case when events.state = '{{ state }}' then events.occurred_at end) as {{ state }}_at,
        max(case when events.state = '{{ state }}' then events.severity end)
            as {{ state }}_severity,
        max(
            case when events.state = '{{ state }}' then cast(events.is_upheld as integer) end
        ) as {{ state }}_upheld
        {%- endfor %}
    from events
    group by events.complaint_id

),

numbered as (

    select
        cycles.*,
        row_number() over (
            partition by cycles.ticket_id order by cycles.first_event_at, cycles.complaint_id
        ) as complaint_number
    from cycles

),

complaints as (

    select
        numbered.complaint_id,
        numbered.ticket_id,
        'life_cycle' as basis,
        -- The ticket may have said so before the complaint was recorded; it said so of one.
        case
            when
                numbered.complaint_number = 1
                and tickets.complaint_known_at < numbered.first_event_at
                then tickets.complaint_known_at
            else numbered.first_event_at
        end as known_at,
        {%- for state in complaint_states() %}
        numbered.{{ state }}_at,
        {%- endfor %}
        coalesce(
            numbered.improved_severity, numbered.won_back_severity, numbered.solved_severity,
            numbered.assessed_severity, numbered.classified_severity, numbered.received_severity
        ) as severity,
        coalesce(
            numbered.improved_upheld, numbered.won_back_upheld, numbered.solved_upheld,
            numbered.assessed_upheld, numbered.classified_upheld, numbered.received_upheld
        ) = 1 as is_upheld
    from numbered
    left join {{ ref('int_tickets') }} as tickets on numbered.ticket_id = tickets.ticket_id
    union all
    select
        tickets.ticket_id as complaint_id,
        tickets.ticket_id,
        'ticket' as basis,
        tickets.complaint_known_at as known_at,
        tickets.created_at as received_at,
        {%- for state in complaint_states()[1:] %}
        cast(null as timestamp) as {{ state }}_at,
        {%- endfor %}
        tickets.severity,
        cast(null as boolean) as is_upheld
    from {{ ref('int_tickets') }} as tickets
    left join cycles on tickets.ticket_id = cycles.ticket_id
    where tickets.complaint_known_at is not null and cycles.ticket_id is null

),

-- A state is skipped when a later one was reached without it, and out of order when it was reached
-- before the one that comes before it.
judged as (

    select
        complaints.*,
        (
            {%- for state in complaint_states()[:-1] %}
            (
                complaints.{{ state }}_at is null
                and coalesce(
                    {%- for later in complaint_states()[loop.index:] %}
                    complaints.{{ later }}_at{{ ',' if not loop.last }}
                    {%- endfor %}
                    {{- ', cast(null as timestamp)' if loop.last }}
                ) is not null
            ){{ ' or' if not loop.last }}
            {%- endfor %}
        ) as is_state_skipped,
        (
            {%- for state in complaint_states()[:-1] %}
            {%- for later in complaint_states()[loop.index:] %}
            coalesce(complaints.{{ later }}_at < complaints.{{ state }}_at, false)
            {{- ' or' if later != 'improved' or state != 'won_back' }}
            {%- endfor %}
            {%- endfor %}
        ) as is_state_out_of_order
    from complaints

)

select
    judged.complaint_id,
    judged.ticket_id,
    tickets.customer_id,
    judged.basis,
    tickets.topic,
    tickets.channel,
    judged.severity,
    judged.is_upheld,
    case
        {%- for state in complaint_states() | reverse %}
        when judged.{{ state }}_at is not null then '{{ state }}'
        {%- endfor %}
    end as state,
    {%- for state in complaint_states() %}
    judged.{{ state }}_at,
    {%- endfor %}
    judged.known_at,
    {{ month_end('judged.known_at') }} as month_end,
    judged.is_state_skipped,
    judged.is_state_out_of_order,
    tickets.ticket_id is null as is_ticket_unknown,
    tickets.exclusion_reason,
    tickets.excluded_at
from judged
left join {{ ref('int_tickets') }} as tickets on judged.ticket_id = tickets.ticket_id
