{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. Point in time: only facts by `as_of_date`. A 12-month
    feature is null where billing was not measured for 12 months. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    select customer_windows.*
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join run_months
        on
            customer_windows.as_of_date >= run_months.first_month
            and customer_windows.as_of_date <= run_months.last_month
    where customer_windows.last_purchase_date is not null

)

select
    windows.customer_id,
    windows.as_of_date,
    ind_value.tier,
    windows.days_since_purchase,
    windows.tenure_days,
    case when windows.is_tenure_censored then 1 else 0 end as is_tenure_censored,
    windows.purchases_1m,
    windows.purchases_3m,
    windows.purchases_6m,
    case when windows.is_window_complete then windows.purchases_12m end as purchases_12m,
    cast(windows.revenue_3m as double) as revenue_3m,
    cast(windows.revenue_6m as double) as revenue_6m,
    cast(case when windows.is_window_complete then windows.revenue_12m end as double)
        as revenue_12m,
    case
        when windows.revenue_prior_3m > 0
            then {{ ratio('windows.revenue_3m', 'windows.revenue_prior_3m') }} - 1
    end as revenue_trend_3m,
    ind_value.basket_value_12m,
    ind_value.return_ratio_12m,
    windows.product_count_12m,
    windows.active_months_12m,
    ind_retention.gap_days_mean_12m,
    ind_retention.gap_cv_12m,
    {{ ratio('windows.days_since_purchase', 'ind_retention.gap_days_mean_12m') }}
        as recency_to_gap_ratio
from windows
inner join {{ ref('ind_value') }} as ind_value
    on windows.customer_id = ind_value.customer_id and windows.as_of_date = ind_value.as_of_date
inner join {{ ref('ind_retention') }} as ind_retention
    on
        windows.customer_id = ind_retention.customer_id
        and windows.as_of_date = ind_retention.as_of_date
