{#- Grain: one row per customer and month end that was scored: the group of customers that the
    customer belongs to, by the yearly review in force (handbook C11). Who has never bought is in
    none. -#}
with months as (

    select distinct clusters.as_of_date
    from {{ source('ml', 'customer_clusters') }} as clusters

)

select
    windows.customer_id,
    windows.as_of_date,
    case
        when windows.last_purchase_date is null then 'no_purchase'
        else clusters.segment_status
    end as segment_status,
    clusters.cluster_id,
    clusters.cluster_name,
    clusters.cluster_name_zh,
    round(clusters.distance, 6) as distance,
    clusters.review_date,
    clusters.estimator_version
from months
inner join {{ ref('int_customer_windows') }} as windows
    on months.as_of_date = windows.as_of_date
left join {{ source('ml', 'customer_clusters') }} as clusters
    on
        windows.customer_id = clusters.customer_id
        and windows.as_of_date = clusters.as_of_date
