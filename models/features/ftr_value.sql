{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer with a purchase and month end: what the purchase-count and
    purchase-value estimators of lifetime value need (handbook C10). Frequency is the repeat count:
    five purchases are four. Amounts are of invoices; `net_revenue_ratio` takes them to revenue. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    select
        customer_windows.*,
        ind_value.tier,
        {{ ratio(
            'customer_windows.lifetime_revenue', 'customer_windows.lifetime_purchase_amount'
        ) }} as own_net_ratio,
        {{ ratio(
            'sum(customer_windows.lifetime_revenue) over '
            ~ '(partition by customer_windows.as_of_date, ind_value.tier)',
            'sum(customer_windows.lifetime_purchase_amount) over '
            ~ '(partition by customer_windows.as_of_date, ind_value.tier)'
        ) }} as tier_net_ratio
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join run_months
        on
            customer_windows.as_of_date >= run_months.first_month
            and customer_windows.as_of_date <= run_months.last_month
    inner join {{ ref('ind_value') }} as ind_value
        on
            customer_windows.customer_id = ind_value.customer_id
            and customer_windows.as_of_date = ind_value.as_of_date
    where customer_windows.last_purchase_date is not null

)

select
    windows.customer_id,
    windows.as_of_date,
    windows.tier,
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
    -- What of an invoiced amount stays after credits: the customer's own, shrunk to the tier's.
    -- Credits above all invoices are of purchases before the data begin: no purchase to come costs.
    greatest(
        {{ ratio(
            'windows.lifetime_purchase_count * windows.own_net_ratio + '
            ~ var('net_ratio_shrinkage') ~ ' * windows.tier_net_ratio',
            'windows.lifetime_purchase_count + ' ~ var('net_ratio_shrinkage')
        ) }},
        0
    ) as net_revenue_ratio,
    windows.is_tenure_censored,
    -- What comes is forecast in revenue, whatever the company's basis: outcomes are revenue, too.
    'revenue' as value_basis
from windows
