{#- Grain: one row per ticket and span of month ends [from_month, to_month) in which the same team
    and agent held it at the month end, as the service desk had recorded by then. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

versions as (

    select
        tickets.ticket_id,
        tickets.team_id,
        tickets.agent_id,
        {{ month_end('tickets.valid_from') }} as from_month,
        row_number() over (
            partition by tickets.ticket_id, {{ month_end('tickets.valid_from') }}
            order by tickets.valid_from desc
        ) as version_from_last
    from {{ ref('stg_support__tickets') }} as tickets
    inner join run_window on cast(tickets.valid_from as date) <= run_window.last_month

)

select
    versions.ticket_id,
    versions.from_month,
    lead(versions.from_month) over (
        partition by versions.ticket_id order by versions.from_month
    ) as to_month,
    versions.team_id,
    versions.agent_id
from versions
where versions.version_from_last = 1
