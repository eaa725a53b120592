select
    estimators.estimator,
    estimators.estimator_version,
    estimators.candidate,
    estimators.status,
    estimators.reason,
    estimators.trained_from,
    estimators.trained_to,
    estimators.labels_to,
    estimators.row_count,
    estimators.customer_count,
    estimators.positive_count,
    estimators.content_hash,
    estimators.code_version,
    estimators.grade,
    estimators.grade_reason
from {{ source('ml', 'estimators') }} as estimators
