{#- Grain: one row per version of the groups, yearly review, group of customers and feature. -#}
select
    profiles.estimator_version,
    profiles.review_date,
    profiles.cluster_id,
    profiles.cluster_name,
    profiles.cluster_name_zh,
    profiles.feature,
    profiles.typical_value,
    profiles.deviation,
    profiles.wording,
    profiles.customer_count,
    profiles.review_customer_count,
    profiles.cluster_count,
    profiles.silhouette,
    profiles.stability
from {{ source('ml', 'cluster_profiles') }} as profiles
