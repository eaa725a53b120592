{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months), value tier at the period's start with
    one row `all`, stage at its start and stage at its end, exit included: how many went that way,
    of how many that began there (handbook C4). Every pair is there, also with nobody. -#}
{%- set to_stages = relationship_stages() + ['exit'] -%}
with run_months as (

    {{ run_months() }}

),

ends as (

    {{ period_ends([1, 12]) }}

),

moves as (

    select
        ends.as_of_date,
        ends.period_months,
        ind_value.tier,
        at_start.relationship_stage as from_stage,
        at_end.relationship_stage as to_stage
    from ends
    inner join {{ ref('ind_stages') }} as at_start
        on ends.start_date = at_start.as_of_date
    inner join {{ ref('ind_stages') }} as at_end
        on
            at_start.customer_id = at_end.customer_id
            and ends.as_of_date = at_end.as_of_date
    inner join {{ ref('ind_value') }} as ind_value
        on
            at_start.customer_id = ind_value.customer_id
            and ends.start_date = ind_value.as_of_date
    where at_start.stage_number > 0

),

counted as (

    select
        moves.as_of_date,
        moves.period_months,
        coalesce(moves.tier, 'all') as tier,
        moves.from_stage,
        moves.to_stage,
        count(*) as customer_count
    from moves
    group by
        moves.as_of_date, moves.period_months, moves.from_stage, moves.to_stage, cube(moves.tier)

),

starts as (

    select
        counted.as_of_date,
        counted.period_months,
        counted.tier,
        counted.from_stage,
        sum(counted.customer_count) as start_count
    from counted
    group by counted.as_of_date, counted.period_months, counted.tier, counted.from_stage

),

to_stages as (

    {% for stage in to_stages -%}
    select '{{ stage }}' as to_stage
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    starts.as_of_date,
    starts.period_months,
    starts.tier,
    starts.from_stage,
    to_stages.to_stage,
    cast(starts.start_count as integer) as start_count,
    cast(coalesce(counted.customer_count, 0) as integer) as customer_count,
    {{ ratio('coalesce(counted.customer_count, 0)', 'starts.start_count') }} as move_ratio,
    {{ wilson_low('coalesce(counted.customer_count, 0)', 'starts.start_count') }} as move_low,
    {{ wilson_high('coalesce(counted.customer_count, 0)', 'starts.start_count') }} as move_high,
    starts.start_count < {{ var('min_n') }} as is_low_n
from starts
cross join to_stages
left join counted
    on
        starts.as_of_date = counted.as_of_date
        and starts.period_months = counted.period_months
        and starts.tier = counted.tier
        and starts.from_stage = counted.from_stage
        and to_stages.to_stage = counted.to_stage
