{#- Grain: one row per month end, profile that scores the portfolio and measure with a weight at
    one of the two dates. -#}
select
    changes.as_of_date,
    changes.profile,
    changes.measure,
    weights.parent_id as perspective,
    weights.label,
    weights.label_zh,
    changes.previous_date,
    round(changes.previous_raw_value, 6) as previous_raw_value,
    round(changes.raw_value, 6) as raw_value,
    round(changes.previous_score, 6) as previous_score,
    round(changes.score, 6) as score,
    round(changes.previous_effective_weight, 6) as previous_effective_weight,
    round(changes.effective_weight, 6) as effective_weight,
    {{ six_decimals('changes.value_change') }} as value_change,
    {{ six_decimals('changes.scale_change') }} as scale_change,
    {{ six_decimals('changes.configuration_change') }} as configuration_change,
    {{ six_decimals('changes.coverage_change') }} as coverage_change,
    {{ six_decimals(
        'changes.value_change + changes.scale_change + changes.configuration_change'
        ~ ' + changes.coverage_change'
    ) }} as total_change
from {{ ref('scr_portfolio_changes') }} as changes
left join {{ ref('scr_weights') }} as weights
    on
        changes.profile = weights.profile
        and changes.as_of_date = weights.as_of_date
        and changes.measure = weights.node_id
