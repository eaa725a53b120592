{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    ind_value.customer_id,
    ind_value.as_of_date,
    ind_value.tier,
    ind_value.raw_tier,
    ind_value.value_basis,
    ind_value.is_window_complete,
    ind_retention.is_active,
    ind_retention.activity_days,
    ind_value.revenue_1m,
    ind_value.revenue_3m,
    ind_value.revenue_6m,
    ind_value.revenue_12m,
    ind_value.returned_amount_12m,
    round(ind_value.return_ratio_12m, 6) as return_ratio_12m,
    ind_value.purchases_12m,
    cast(ind_value.basket_value_12m as decimal(18, 2)) as basket_value_12m,
    ind_value.product_count_12m,
    ind_value.lifetime_revenue,
    ind_value.days_since_purchase,
    ind_retention.tenure_days,
    ind_retention.is_tenure_censored,
    round(ind_value.value_trend, 6) as value_trend,
    ind_value.recency_score,
    ind_value.frequency_score,
    ind_value.monetary_score,
    nullif(concat(
        cast(ind_value.recency_score as varchar), cast(ind_value.frequency_score as varchar),
        cast(ind_value.monetary_score as varchar)
    ), '') as rfm_score,
    ind_value.is_rfm_provisional,
    round(ind_retention.repeat_rate_12m, 6) as repeat_rate_12m,
    round(ind_retention.purchase_regularity_12m, 6) as purchase_regularity_12m,
    round(ind_retention.loyalty_index, 6) as loyalty_index,
    round(ind_retention.loyalty_coverage, 6) as loyalty_coverage,
    round(ind_retention.depth_index, 6) as depth_index
from {{ ref('ind_value') }} as ind_value
inner join run_months
    on
        ind_value.as_of_date >= run_months.first_month
        and ind_value.as_of_date <= run_months.last_month
inner join {{ ref('ind_retention') }} as ind_retention
    on
        ind_value.customer_id = ind_retention.customer_id
        and ind_value.as_of_date = ind_retention.as_of_date
