{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer with a purchase and month end: what the purchase-count and
    purchase-value estimators of lifetime value need (handbook C10). Frequency is the repeat count:
    five purchases are four. Amounts are of invoices; `net_revenue_ratio` takes them to revenue, and
    `margin_rate` takes revenue to the basis of value that the company has in that month. -#}
{%- set shrinkage = var('net_ratio_shrinkage') -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    select
        customer_windows.*,
        ind_value.tier,
        ind_value.value_basis,
        ind_value.value_12m,
        value_basis.gross_margin_ratio_12m as company_margin_rate,
        -- Of the last twelve months; of all time where too few of their costs are known, or
        -- nothing was left of their revenue.
        customer_windows.costed_revenue_12m > 0
        and {{ is_margin_covered('customer_windows', '_12m') }} as is_margin_of_12m,
        customer_windows.lifetime_costed_revenue > 0
        and customer_windows.lifetime_costed_turnover
        >= {{ var('margin_coverage_min') }} * customer_windows.lifetime_turnover
            as is_margin_of_lifetime,
        {{ ratio(
            'customer_windows.lifetime_revenue', 'customer_windows.lifetime_purchase_amount'
        ) }} as own_net_ratio,
        {{ ratio(
            'sum(customer_windows.lifetime_revenue) over '
            ~ '(partition by customer_windows.as_of_date, ind_value.tier)',
            'sum(customer_windows.lifetime_purchase_amount) over '
            ~ '(partition by customer_windows.as_of_date, ind_value.tier)'
        ) }} as tier_net_ratio,
        sum(customer_windows.lifetime_gross_margin) over (
            partition by customer_windows.as_of_date, ind_value.tier
        ) as tier_margin,
        sum(customer_windows.lifetime_costed_revenue) over (
            partition by customer_windows.as_of_date, ind_value.tier
        ) as tier_costed_revenue
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join run_months
        on
            customer_windows.as_of_date >= run_months.first_month
            and customer_windows.as_of_date <= run_months.last_month
    inner join {{ ref('ind_value') }} as ind_value
        on
            customer_windows.customer_id = ind_value.customer_id
            and customer_windows.as_of_date = ind_value.as_of_date
    left join {{ ref('ind_value_basis') }} as value_basis
        on customer_windows.as_of_date = value_basis.as_of_date
    where customer_windows.last_purchase_date is not null

),

margins as (

    select
        windows.*,
        case
            when windows.is_margin_of_12m then windows.gross_margin_12m
            when windows.is_margin_of_lifetime then windows.lifetime_gross_margin
            else 0
        end as own_margin,
        case
            when windows.is_margin_of_12m then windows.costed_revenue_12m
            when windows.is_margin_of_lifetime then windows.lifetime_costed_revenue
            else 0
        end as own_costed_revenue,
        -- What the customer's own rate is weighed against: so many purchases of the usual size.
        {{ shrinkage }} * {{ ratio(
            'windows.lifetime_purchase_amount', 'windows.lifetime_purchase_count'
        ) }} as tier_weight,
        coalesce(
            {{ group_margin_ratio('windows.tier_margin', 'windows.tier_costed_revenue') }},
            windows.company_margin_rate
        ) as tier_margin_rate
    from windows

)

select
    margins.customer_id,
    margins.as_of_date,
    margins.tier,
    margins.lifetime_purchase_count as purchase_count,
    margins.lifetime_purchase_count - 1 as repeat_purchase_count,
    {{ days_between('margins.first_purchase_date', 'margins.last_purchase_date') }} as recency_days,
    {{ days_between('margins.first_purchase_date', 'margins.as_of_date') }} as age_days,
    {{ ratio(
        'margins.lifetime_purchase_amount - margins.first_purchase_amount',
        'margins.lifetime_purchase_count - 1'
    ) }} as mean_repeat_purchase_amount,
    {{ ratio('margins.lifetime_purchase_amount', 'margins.lifetime_purchase_count') }}
        as mean_purchase_amount,
    cast(margins.revenue_12m as double) as revenue_12m,
    margins.purchases_12m,
    -- What of an invoiced amount stays after credits: the customer's own, shrunk to the tier's.
    -- Credits above all invoices are of purchases before the data begin: no purchase to come costs.
    greatest(
        {{ ratio(
            'margins.lifetime_purchase_count * margins.own_net_ratio + '
            ~ shrinkage ~ ' * margins.tier_net_ratio',
            'margins.lifetime_purchase_count + ' ~ shrinkage
        ) }},
        0
    ) as net_revenue_ratio,
    -- What of revenue stays as margin: the customer's own, shrunk to the tier's; below 0 where
    -- costs are above prices. 1 where value is revenue.
    case
        when margins.value_basis = 'margin'
            then {{ ratio(
                'cast(margins.own_margin as double) '
                ~ '+ margins.tier_weight * margins.tier_margin_rate',
                'cast(margins.own_costed_revenue as double) + margins.tier_weight'
            ) }}
        else cast(1 as double)
    end as margin_rate,
    cast(margins.value_12m as double) as value_12m,
    margins.is_tenure_censored,
    margins.value_basis
from margins
