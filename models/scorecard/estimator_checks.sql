select
    estimator_checks.estimator,
    estimator_checks.estimator_version,
    estimator_checks.check_name,
    round(estimator_checks.value, 6) as value,
    estimator_checks.threshold,
    estimator_checks.is_passed,
    estimator_checks.explanation
from {{ source('ml', 'estimator_checks') }} as estimator_checks
