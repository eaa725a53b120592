-- Floor, target and stretch rise for higher-is-better and fall for lower-is-better.
select
    targets.indicator_id,
    targets.tier,
    targets.valid_from
from {{ ref('targets') }} as targets
inner join {{ ref('indicators') }} as indicators
    on targets.indicator_id = indicators.indicator_id
where not (
    (
        indicators.direction = 'higher_is_better'
        and targets.floor_value < targets.target_value
        and targets.target_value < targets.stretch_value
    )
    or (
        indicators.direction = 'lower_is_better'
        and targets.floor_value > targets.target_value
        and targets.target_value > targets.stretch_value
    )
)
