{#- Grain: one row per customer, month, direction and rank, of the customers whom a rule or a person
    looks at. -#}
select
    churn_reasons.customer_id,
    churn_reasons.as_of_date,
    churn_reasons.direction,
    churn_reasons.reason_rank,
    churn_reasons.feature,
    churn_reasons.reason,
    churn_reasons.reason_zh,
    round(churn_reasons.feature_value, 6) as feature_value,
    round(churn_reasons.usual_value, 6) as usual_value,
    round(churn_reasons.contribution_log_odds, 6) as contribution_log_odds,
    round(churn_reasons.base_log_odds, 6) as base_log_odds,
    round(churn_reasons.unlisted_log_odds, 6) as unlisted_log_odds,
    round(churn_reasons.score_log_odds, 6) as score_log_odds,
    churn_reasons.reason_method,
    churn_reasons.estimator_version as churn_estimator_version
from {{ source('ml', 'churn_reasons') }} as churn_reasons
