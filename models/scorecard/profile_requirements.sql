{#- Grain: one row per profile and measure in force at the last month. -#}
with weights as (

    select
        weights.*,
        replace(weights.indicator_id, '.', '__') as measured_by
    from {{ ref('scr_weights') }} as weights
    inner join {{ ref('stg_control__run_window') }} as run_window
        on weights.as_of_date = run_window.last_month
    where weights.node_kind = 'measure'

),

of_customers as (

    select
        weights.*,
        coalesce(measure_months.measured_customers, 0) > 0 as is_available,
        profiles.measured_weight,
        profiles.is_applied
    from weights
    inner join {{ ref('scr_profile_months') }} as profiles
        on weights.profile = profiles.profile and weights.as_of_date = profiles.as_of_date
    left join {{ ref('scr_measure_months') }} as measure_months
        on
            weights.as_of_date = measure_months.as_of_date
            and weights.indicator_id = measure_months.indicator_id
            and weights.scoring = measure_months.scoring

),

of_portfolio as (

    select
        weights.*,
        portfolio_values.raw_value is not null as is_available,
        scores.coverage as measured_weight,
        scores.score is not null as is_applied
    from weights
    inner join {{ ref('portfolio_scorecard') }} as scores
        on weights.profile = scores.profile and weights.as_of_date = scores.as_of_date
    left join {{ ref('scr_portfolio_values') }} as portfolio_values
        on
            weights.as_of_date = portfolio_values.as_of_date
            and weights.measured_by = portfolio_values.indicator_id

),

sources as (

    select
        sources.mart,
        {{ dbt.listagg(
            'sources.source_system', "', '", 'order by sources.source_system'
        ) }} as needs_system
    from {{ ref('portfolio_sources') }} as sources
    group by sources.mart

),

newest as (

    select * from of_customers
    union all
    select * from of_portfolio

)

select
    newest.profile,
    newest.parent_id as dimension,
    newest.node_id as measure,
    newest.label,
    newest.label_zh,
    round(newest.global_weight, 6) as weight,
    newest.is_available,
    newest.substitutes,
    coalesce(
        newest.needs,
        case
            when newest.is_available then null
            when indicators.needs_system is not null
                then concat('source systems: ', indicators.needs_system)
            when sources.needs_system is not null
                then concat('a value in ', newest.indicator_id, ', from ', sources.needs_system)
            else concat('data in ', coalesce(indicators.needs_table, 'billing'))
        end
    ) as needs,
    newest.measured_weight as profile_coverage,
    newest.is_applied as is_profile_applied
from newest
left join {{ ref('indicators') }} as indicators
    on
        newest.indicator_id = indicators.indicator_id
        and indicators.mart in ('{{ measured_marts() | join("', '") }}')
left join {{ ref('group_measures') }} as measures
    on newest.indicator_id = concat(measures.mart, '.', measures.indicator_id)
left join sources on measures.mart = sources.mart
