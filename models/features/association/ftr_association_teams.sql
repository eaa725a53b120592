{#- Grain: one row per team that works with the CRM, month end and measure that was measured then:
    how the team uses the CRM, and what it won of what was decided in the month. -#}
{%- set measures = [
    'adoption_ratio', 'interactions_per_opportunity', 'card_on_time_ratio', 'win_ratio_1m'
] -%}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

decided as (

    select
        states.closed_month as as_of_date,
        staff.team_id,
        count(*) as decided_count,
        sum(case when states.state = 'won' then 1 else 0 end) as won_count
    from {{ ref('int_opportunity_states') }} as states
    inner join {{ ref('stg_organisation__staff') }} as staff
        on
            states.owner_id = staff.employee_id
            and {{ holds_on(
                'states.closed_month', 'cast(staff.valid_from as date)',
                'cast(staff.valid_to as date)'
            ) }}
    where
        states.state in ('won', 'lost')
        and {{ holds_on('states.closed_month', 'states.from_month', 'states.to_month') }}
    group by states.closed_month, staff.team_id

),

teams as (

    select
        adoption.team_id,
        adoption.as_of_date,
        adoption.adoption_ratio,
        adoption.interactions_per_opportunity,
        adoption.card_on_time_ratio,
        cast(decided.won_count as double) / decided.decided_count as win_ratio_1m
    from {{ ref('ind_crm_adoption') }} as adoption
    left join decided
        on
            adoption.team_id = decided.team_id
            and adoption.as_of_date = decided.as_of_date
    where adoption.team_id not in ('all', 'none')

)

{%- for measure in measures %}
{{ 'union all' if not loop.first }}
select
    teams.team_id,
    teams.as_of_date,
    {{ months_between('run_window.last_month', 'teams.as_of_date') }} as month_number,
    '{{ measure }}' as measure,
    cast(teams.{{ measure }} as double) as measure_value
from teams
inner join run_window on teams.as_of_date <= run_window.last_month
where
    teams.{{ measure }} is not null
    and teams.as_of_date
    > {{ month_end_after('run_window.last_month', -var('association_months')) }}
{%- endfor %}
