select
    estimator_metrics.estimator,
    estimator_metrics.estimator_version,
    estimator_metrics.candidate,
    estimator_metrics.slice,
    estimator_metrics.metric,
    round(estimator_metrics.value, 6) as value,
    round(estimator_metrics.value_low, 6) as value_low,
    round(estimator_metrics.value_high, 6) as value_high,
    estimator_metrics.n,
    estimator_metrics.as_of_date
from {{ source('ml', 'estimator_metrics') }} as estimator_metrics
