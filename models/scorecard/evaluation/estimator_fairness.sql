{#- Grain: one row per estimator version, kind of group and group of customers: how the group fared
    on the test slice of the training (ml/fairness.py). A flag is looked at by a person. -#}
{%- set measures = [
    'selection_rate', 'selection_ratio', 'hit_rate', 'hit_rate_gap', 'calibration_gap', 'base_rate',
] -%}
with measured as (

    select
        metrics.estimator,
        metrics.estimator_version,
        metrics.slice,
        max(metrics.n) as case_count,
        max(case when metrics.metric = 'customers' then metrics.value end) as customer_count,
        {%- for measure in measures %}
        max(case when metrics.metric = '{{ measure }}' then metrics.value end) as {{ measure }},
        {%- endfor %}
        max(case when metrics.metric = 'calibration_gap' then metrics.value_low end) as gap_low,
        max(case when metrics.metric = 'calibration_gap' then metrics.value_high end) as gap_high
    from {{ source('ml', 'estimator_metrics') }} as metrics
    where position('=' in metrics.slice) > 0
    group by metrics.estimator, metrics.estimator_version, metrics.slice

),

named as (

    select
        measured.*,
        substring(measured.slice, 1, position('=' in measured.slice) - 1) as group_kind,
        substring(measured.slice, position('=' in measured.slice) + 1) as group_name
    from measured
    -- Other parts of the slice (kinds of labels, say) are no groups of customers.
    where measured.customer_count is not null

)

select
    named.estimator,
    named.estimator_version,
    named.group_kind,
    named.group_name,
    cast(named.customer_count as integer) as customer_count,
    named.case_count,
    named.selection_rate is not null as is_assessable,
    round(named.selection_rate, 6) as selection_rate,
    round(named.selection_ratio, 6) as selection_ratio,
    round(named.selection_ratio, 6) < {{ var('fairness_min_ratio') }} as is_selection_flagged,
    round(named.hit_rate, 6) as hit_rate,
    round(named.hit_rate_gap, 6) as hit_rate_gap,
    round(named.hit_rate_gap, 6) > {{ var('fairness_max_hit_gap') }} as is_hit_rate_flagged,
    round(named.base_rate, 6) as happened_rate,
    round(named.calibration_gap, 6) as calibration_gap,
    round(named.gap_low, 6) as calibration_gap_low,
    round(named.gap_high, 6) as calibration_gap_high,
    round(named.gap_low, 6) > 0 or round(named.gap_high, 6) < 0 as is_calibration_flagged
from named
