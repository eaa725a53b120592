{#- Grain: one row per training of the credit rating, rating (learnt, expert) and slice of the
    data. What could not be measured is empty. -#}
{%- set measures = ['auc', 'gini', 'ks', 'gini_gain', 'calibration_slope'] -%}
with trainings as (

    select
        estimators.estimator_version,
        estimators.status,
        estimators.reason,
        estimators.trained_from,
        estimators.trained_to,
        estimators.labels_to
    from {{ source('ml', 'estimators') }} as estimators
    where estimators.estimator = 'credit'

),

parts as (

    select
        'learnt' as rating,
        'test' as slice
    union all
    select
        'expert' as rating,
        'test' as slice
    union all
    select
        'learnt' as rating,
        'train' as slice

),

measured as (

    select
        metrics.estimator_version,
        metrics.candidate,
        metrics.slice,
        {%- for measure in measures %}
        {%- for column in ['value', 'value_low', 'value_high'] %}
        max(case when metrics.metric = '{{ measure }}' then metrics.{{ column }} end)
            as {{ measure }}{{ column | replace('value', '') }},
        {%- endfor %}
        {%- endfor %}
        max(case when metrics.metric = 'mean_probability' then metrics.value end)
            as expected_bad_ratio,
        max(case when metrics.metric = 'stability_index' then metrics.value end)
            as stability_index,
        max(case when metrics.metric = 'bad_ratio' then metrics.value end) as bad_ratio,
        max(case when metrics.metric = 'bad_ratio' then metrics.n end) as case_count,
        max(case when metrics.metric = 'customers' then metrics.value end) as customer_count,
        max(case when metrics.metric = 'bad_customers' then metrics.value end)
            as bad_customer_count
    from {{ source('ml', 'estimator_metrics') }} as metrics
    where metrics.estimator = 'credit'
    group by metrics.estimator_version, metrics.candidate, metrics.slice

)

select
    trainings.estimator_version,
    parts.rating,
    parts.slice,
    (trainings.status = 'published') = (parts.rating = 'learnt') as is_used,
    cast(coalesce(slices.case_count, 0) as bigint) as case_count,
    cast(coalesce(slices.customer_count, 0) as integer) as customer_count,
    cast(coalesce(slices.bad_customer_count, 0) as integer) as bad_customer_count,
    round(slices.bad_ratio, 6) as bad_ratio,
    round(own.expected_bad_ratio, 6) as expected_bad_ratio,
    {%- for measure in measures %}
    {%- for column in ['', '_low', '_high'] %}
    round(own.{{ measure }}{{ column }}, 6) as {{ measure }}{{ column }},
    {%- endfor %}
    {%- endfor %}
    round(own.stability_index, 6) as stability_index,
    coalesce(slices.bad_customer_count, 0) < {{ var('min_n') }} as is_low_n,
    trainings.status,
    trainings.reason,
    trainings.trained_from,
    trainings.trained_to,
    trainings.labels_to
from trainings
cross join parts
left join measured as slices
    on
        trainings.estimator_version = slices.estimator_version
        and slices.candidate = 'all'
        and parts.slice = slices.slice
left join measured as own
    on
        trainings.estimator_version = own.estimator_version
        and parts.rating = own.candidate
        and parts.slice = own.slice
