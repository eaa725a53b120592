{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer with a purchase and month end: what the purchase-count and
    purchase-value estimators of lifetime value need (handbook C10). Frequency is the repeat count:
    five purchases are four. -#}
with run_months as (

    {{ run_months() }}

)

select
    windows.customer_id,
    windows.as_of_date,
    ind_value.tier,
    windows.lifetime_purchase_count as purchase_count,
    windows.lifetime_purchase_count - 1 as repeat_purchase_count,
    {{ days_between('windows.first_purchase_date', 'windows.last_purchase_date') }} as recency_days,
    {{ days_between('windows.first_purchase_date', 'windows.as_of_date') }} as age_days,
    {{ ratio(
        'windows.lifetime_purchase_amount - windows.first_purchase_amount',
        'windows.lifetime_purchase_count - 1'
    ) }} as mean_repeat_purchase_amount,
    {{ ratio('windows.lifetime_purchase_amount', 'windows.lifetime_purchase_count') }}
        as mean_purchase_amount,
    cast(windows.revenue_12m as double) as revenue_12m,
    windows.purchases_12m,
    windows.is_tenure_censored,
    ind_value.value_basis
from {{ ref('int_customer_windows') }} as windows
inner join run_months
    on
        windows.as_of_date >= run_months.first_month
        and windows.as_of_date <= run_months.last_month
inner join {{ ref('ind_value') }} as ind_value
    on windows.customer_id = ind_value.customer_id and windows.as_of_date = ind_value.as_of_date
where windows.last_purchase_date is not null
