{#- Grain: one row per ticket and spell of being open, solved or void, as known at the end of the
    run's last month. From the history of its status; for a ticket that has none, from its
    versions. A solved ticket that is closed later stays solved from the first of the two. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

history as (

    select
        ticket_events.ticket_id,
        {{ ticket_state('ticket_events.to_status') }} as state,
        ticket_events.occurred_at as started_at,
        ticket_events.occurred_at as known_at,
        ticket_events.event_id
    from {{ ref('stg_support__ticket_events') }} as ticket_events
    inner join run_window
        on cast(ticket_events.occurred_at as date) <= run_window.last_month

),

tickets_with_history as (

    select distinct history.ticket_id
    from history

),

versions as (

    select
        tickets.ticket_id,
        {{ ticket_state('tickets.status') }} as state,
        tickets.solved_at,
        tickets.valid_from as known_at
    from {{ ref('stg_support__tickets') }} as tickets
    inner join run_window on cast(tickets.valid_from as date) <= run_window.last_month
    left join tickets_with_history on tickets.ticket_id = tickets_with_history.ticket_id
    where tickets_with_history.ticket_id is null

),

changes as (

    select
        history.*,
        true as has_history
    from history
    union all
    select
        versions.ticket_id,
        versions.state,
        case
            when versions.state = 'solved' and versions.solved_at is not null
                then versions.solved_at
            else versions.known_at
        end as started_at,
        versions.known_at,
        '' as event_id,
        false as has_history
    from versions

),

compared as (

    select
        changes.*,
        lag(changes.state) over (
            partition by changes.ticket_id
            order by changes.known_at, changes.state, changes.event_id
        ) as previous_state,
        lag(changes.started_at) over (
            partition by changes.ticket_id
            order by changes.known_at, changes.state, changes.event_id
        ) as previous_start
    from changes

),

-- Versions of a ticket that is solved both before and after may hide a reopening: another time of
-- solution tells it.
spells as (

    select
        compared.*,
        row_number() over (
            partition by compared.ticket_id
            order by compared.known_at, compared.state, compared.event_id
        ) as spell_number,
        lead(compared.state) over (
            partition by compared.ticket_id
            order by compared.known_at, compared.state, compared.event_id
        ) as next_state,
        lead(compared.known_at) over (
            partition by compared.ticket_id
            order by compared.known_at, compared.state, compared.event_id
        ) as ended_at
    from compared
    where
        compared.previous_state is null
        or compared.state <> compared.previous_state
        or (
            compared.state = 'solved'
            and not compared.has_history
            and compared.started_at <> compared.previous_start
        )

)

select
    spells.ticket_id,
    cast(spells.spell_number as integer) as spell_number,
    spells.state,
    spells.started_at,
    spells.known_at,
    {{ month_end('spells.known_at') }} as month_end,
    spells.ended_at,
    spells.next_state,
    coalesce(spells.state = 'solved' and spells.next_state in ('open', 'solved'), false)
        as is_reopened,
    spells.has_history
from spells
