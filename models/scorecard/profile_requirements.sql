{#- Grain: one row per profile that scores customers and measure in force at the last month. -#}
with newest as (

    select
        weights.*,
        coalesce(measure_months.measured_customers, 0) > 0 as is_available,
        profiles.measured_weight,
        profiles.is_applied
    from {{ ref('scr_weights') }} as weights
    inner join {{ ref('stg_control__run_window') }} as run_window
        on weights.as_of_date = run_window.last_month
    inner join {{ ref('scr_profile_months') }} as profiles
        on weights.profile = profiles.profile and weights.as_of_date = profiles.as_of_date
    left join {{ ref('scr_measure_months') }} as measure_months
        on
            weights.as_of_date = measure_months.as_of_date
            and weights.indicator_id = measure_months.indicator_id
            and weights.scoring = measure_months.scoring
    where weights.node_kind = 'measure'

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
