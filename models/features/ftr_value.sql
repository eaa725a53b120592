{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer with a purchase or a contract and month end: what the estimators of
    lifetime value need (handbook C10). Invoices of a contract are no purchases: who has or had one
    has in the columns of purchases only what came beside it. Frequency is the repeat count: five
    purchases are four. Amounts are of invoices; `net_revenue_ratio` takes them to revenue, and
    `margin_rate` takes revenue to the basis of value that the company has in that month. -#}
{%- set shrinkage = var('net_ratio_shrinkage') -%}
with run_months as (

    {{ run_months() }}

),

contracts as (

    select
        mrr_months.customer_id,
        mrr_months.as_of_date,
        mrr_months.mrr > 0 as is_in_force,
        case when mrr_months.mrr > 0 then mrr_months.mrr else paid_months.mrr end as mrr,
        mrr_months.first_subscribed_on,
        {{ months_between(month_end('mrr_months.first_subscribed_on'), 'mrr_months.as_of_date') }}
            as contract_months,
        case
            when mrr_months.mrr = 0
                then {{ months_between('paid_months.as_of_date', 'mrr_months.as_of_date') }}
        end as ended_months
    from {{ ref('int_mrr_months') }} as mrr_months
    inner join run_months
        on
            mrr_months.as_of_date >= run_months.first_month
            and mrr_months.as_of_date <= run_months.last_month
    -- What an ended contract last brought.
    left join {{ ref('int_mrr_months') }} as paid_months
        on
            mrr_months.customer_id = paid_months.customer_id
            and mrr_months.previous_paid_month = paid_months.as_of_date
            and paid_months.mrr > 0
    where mrr_months.mrr > 0 or paid_months.mrr > 0

),

subscribers as (

    select
        contracts.customer_id,
        min(contracts.first_subscribed_on) as first_subscribed_on
    from contracts
    group by contracts.customer_id

),

-- What came before the first subscription, and beside it since.
free_purchases as (

    select
        purchases.customer_id,
        purchases.purchase_date,
        purchases.amount
    from {{ ref('int_purchases') }} as purchases
    inner join run_months on purchases.month_end <= run_months.last_month
    inner join subscribers
        on
            purchases.customer_id = subscribers.customer_id
            and purchases.purchase_date < subscribers.first_subscribed_on
    union all
    select
        purchases.customer_id,
        purchases.purchase_date,
        purchases.amount
    from {{ ref('int_purchases_beside_contract') }} as purchases
    inner join run_months on purchases.month_end <= run_months.last_month
    inner join subscribers
        on
            purchases.customer_id = subscribers.customer_id
            and purchases.purchase_date >= subscribers.first_subscribed_on

),

beside as (

    select
        purchases.customer_id,
        purchases.purchase_date,
        lead(purchases.purchase_date) over by_day as next_purchase_date,
        row_number() over by_day as purchase_count,
        first_value(purchases.purchase_date) over by_day as first_purchase_date,
        first_value(purchases.amount) over by_day as first_purchase_amount,
        sum(purchases.amount) over so_far as purchase_amount
    from free_purchases as purchases
    window
        by_day as (partition by purchases.customer_id order by purchases.purchase_date),
        so_far as (
            partition by purchases.customer_id order by purchases.purchase_date
            rows between unbounded preceding and current row
        )

),

windows as (

    select
        customer_windows.*,
        contracts.mrr as recurring_revenue,
        contracts.contract_months,
        contracts.ended_months,
        contracts.first_subscribed_on,
        case
            when contracts.customer_id is null then 'purchase'
            when contracts.is_in_force then 'contract'
            else 'ended_contract'
        end as relation_kind,
        case
            when contracts.customer_id is null then customer_windows.lifetime_purchase_count
            else coalesce(beside.purchase_count, 0)
        end as purchase_count,
        case
            when contracts.customer_id is null then customer_windows.first_purchase_date
            else beside.first_purchase_date
        end as first_free_purchase_date,
        case
            when contracts.customer_id is null then customer_windows.last_purchase_date
            else beside.purchase_date
        end as last_free_purchase_date,
        case
            when contracts.customer_id is null then customer_windows.first_purchase_amount
            else beside.first_purchase_amount
        end as first_free_purchase_amount,
        case
            when contracts.customer_id is null then customer_windows.lifetime_purchase_amount
            else coalesce(beside.purchase_amount, 0)
        end as free_purchase_amount,
        case
            when contracts.customer_id is not null
                then
                    coalesce(beside.purchase_amount, 0) - coalesce(before_year.purchase_amount, 0)
        end as beside_amount_12m,
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
        contracts.customer_id is not null as is_contract_customer
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
    left join contracts
        on
            customer_windows.customer_id = contracts.customer_id
            and customer_windows.as_of_date = contracts.as_of_date
    left join beside
        on
            customer_windows.customer_id = beside.customer_id
            and {{ holds_on(
                'customer_windows.as_of_date',
                'beside.purchase_date',
                'beside.next_purchase_date'
            ) }}
    left join beside as before_year
        on
            customer_windows.customer_id = before_year.customer_id
            and {{ holds_on(
                month_end_after('customer_windows.as_of_date', -12),
                'before_year.purchase_date',
                'before_year.next_purchase_date'
            ) }}
    where
        customer_windows.last_purchase_date is not null
        or contracts.customer_id is not null

),

-- Subscribers and buyers of one tier may sell at different margins: each has an own rate to be
-- drawn to.
rates as (

    select
        windows.*,
        {{ ratio('windows.lifetime_revenue', 'windows.lifetime_purchase_amount') }}
            as own_net_ratio,
        {{ ratio(
            'sum(windows.lifetime_revenue) over group_of_customer',
            'sum(windows.lifetime_purchase_amount) over group_of_customer'
        ) }} as tier_net_ratio,
        sum(windows.lifetime_gross_margin) over group_of_customer as tier_margin,
        sum(windows.lifetime_costed_revenue) over group_of_customer as tier_costed_revenue
    from windows
    window group_of_customer as (
        partition by windows.as_of_date, windows.tier, windows.is_contract_customer
    )

),

margins as (

    select
        rates.*,
        case
            when rates.is_margin_of_12m then rates.gross_margin_12m
            when rates.is_margin_of_lifetime then rates.lifetime_gross_margin
            else 0
        end as own_margin,
        case
            when rates.is_margin_of_12m then rates.costed_revenue_12m
            when rates.is_margin_of_lifetime then rates.lifetime_costed_revenue
            else 0
        end as own_costed_revenue,
        -- What the customer's own rate is weighed against: so many purchases of the usual size.
        {{ shrinkage }} * coalesce(
            {{ ratio('rates.lifetime_purchase_amount', 'rates.lifetime_purchase_count') }},
            cast(rates.recurring_revenue as double)
        ) as tier_weight,
        coalesce(
            {{ group_margin_ratio('rates.tier_margin', 'rates.tier_costed_revenue') }},
            rates.company_margin_rate
        ) as tier_margin_rate
    from rates

),

ratios as (

    select
        margins.*,
        -- What of an invoiced amount stays after credits: the customer's own, shrunk to the tier's.
        -- Credits above all invoices are of purchases before the data begin: no purchase to come
        -- costs.
        greatest(
            {{ ratio(
                'margins.lifetime_purchase_count * coalesce(margins.own_net_ratio, 0) + '
                ~ shrinkage ~ ' * coalesce(margins.tier_net_ratio, 1)',
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
        end as margin_rate
    from margins

)

select
    ratios.customer_id,
    ratios.as_of_date,
    ratios.tier,
    ratios.relation_kind,
    {{ days_between(
        'coalesce(ratios.first_purchase_date, ratios.first_subscribed_on)', 'ratios.as_of_date'
    ) }} as tenure_days,
    {{ days_between('ratios.last_purchase_date', 'ratios.as_of_date') }} as days_since_purchase,
    cast(ratios.purchase_count as integer) as purchase_count,
    cast(
        case when ratios.purchase_count > 0 then ratios.purchase_count - 1 end as integer
    ) as repeat_purchase_count,
    {{ days_between('ratios.first_free_purchase_date', 'ratios.last_free_purchase_date') }}
        as recency_days,
    {{ days_between('ratios.first_free_purchase_date', 'ratios.as_of_date') }} as age_days,
    {{ ratio(
        'ratios.free_purchase_amount - ratios.first_free_purchase_amount',
        'ratios.purchase_count - 1'
    ) }} as mean_repeat_purchase_amount,
    {{ ratio('ratios.free_purchase_amount', 'ratios.purchase_count') }} as mean_purchase_amount,
    cast(ratios.recurring_revenue as double) as recurring_revenue,
    ratios.contract_months,
    ratios.ended_months,
    cast(ratios.revenue_12m as double) as revenue_12m,
    ratios.purchases_12m,
    ratios.net_revenue_ratio,
    ratios.margin_rate,
    cast(ratios.value_12m as double) as value_12m,
    case
        when ratios.relation_kind = 'purchase' then cast(ratios.value_12m as double)
        else
            cast(ratios.beside_amount_12m as double)
            * ratios.net_revenue_ratio * ratios.margin_rate
    end as purchase_value_12m,
    ratios.is_tenure_censored,
    ratios.value_basis
from ratios
