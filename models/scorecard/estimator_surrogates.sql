{#- Grain: one row per estimator version and node of the tree that outlines it. -#}
select
    estimator_surrogates.estimator,
    estimator_surrogates.estimator_version,
    estimator_surrogates.node,
    estimator_surrogates.parent_node,
    estimator_surrogates.depth,
    estimator_surrogates.condition,
    estimator_surrogates.feature,
    round(estimator_surrogates.threshold, 6) as threshold,
    estimator_surrogates.is_leaf,
    estimator_surrogates.row_count,
    round(estimator_surrogates.mean_probability, 6) as mean_probability,
    round(estimator_surrogates.fidelity_r2, 6) as fidelity_r2,
    estimator_surrogates.fidelity_row_count
from {{ source('ml', 'estimator_surrogates') }} as estimator_surrogates
