{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and value tier at that month end, and one row `all`: what the
    customers of the tier brought and cost. Sums, so that longer periods are ratios of sums. -#}
with run_months as (

    {{ run_months() }}

),

customers as (

    select
        ind_value.as_of_date,
        coalesce(ind_value.tier, 'all') as tier,
        count(*) as customer_count,
        {{ count_when('ind_activity.is_active') }} as active_customer_count,
        {{ count_when('ind_activity.mrr > 0') }} as subscriber_count,
        sum(ind_value.revenue_1m) as revenue,
        sum(case when ind_activity.mrr > 0 then ind_value.revenue_1m else 0 end)
            as subscriber_revenue,
        sum(ind_value.gross_margin_12m) as gross_margin_12m,
        sum(case when ind_value.gross_margin_12m is not null then ind_value.revenue_12m end)
            as margin_revenue_12m,
        count(ind_value.gross_margin_12m) as margin_customer_count
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            ind_value.customer_id = ind_activity.customer_id
            and ind_value.as_of_date = ind_activity.as_of_date
    group by ind_value.as_of_date, rollup(ind_value.tier)

),

service as (

    select
        service_costs.as_of_date,
        coalesce(service_costs.tier, 'all') as tier,
        sum(service_costs.handling_cost + service_costs.direct_cost) as cost_to_serve,
        sum(service_costs.tickets_opened) as ticket_count
    from {{ ref('ind_service_costs') }} as service_costs
    inner join run_months
        on
            service_costs.as_of_date >= run_months.first_month
            and service_costs.as_of_date <= run_months.last_month
    group by service_costs.as_of_date, rollup(service_costs.tier)

),

service_months as (

    select distinct service.as_of_date
    from service

),

retention as (

    select
        costs.month_end,
        coalesce(costs.tier, 'all') as tier,
        sum(costs.amount) as retention_cost
    from (
        select
            costs.month_end,
            coalesce(costs.tier, 'none') as tier,
            costs.amount
        from {{ ref('int_costs') }} as costs
        where costs.purpose = 'retention'
    ) as costs
    group by costs.month_end, rollup(costs.tier)

),

ledger_months as (

    select distinct costs.month_end
    from {{ ref('int_costs') }} as costs
    where costs.cost_source = 'ledger'

)

select
    customers.as_of_date,
    customers.tier,
    cast(customers.customer_count as integer) as customer_count,
    cast(customers.active_customer_count as integer) as active_customer_count,
    cast(customers.subscriber_count as integer) as subscriber_count,
    cast(customers.revenue as decimal(18, 4)) as revenue,
    cast(customers.subscriber_revenue as decimal(18, 4)) as subscriber_revenue,
    cast(customers.gross_margin_12m as decimal(18, 4)) as gross_margin_12m,
    cast(customers.margin_revenue_12m as decimal(18, 4)) as margin_revenue_12m,
    cast(customers.margin_customer_count as integer) as margin_customer_count,
    case
        when service_months.as_of_date is not null
            then cast(coalesce(service.cost_to_serve, 0) as decimal(18, 4))
    end as cost_to_serve,
    {{ measured_count('service_months.as_of_date is not null', 'service.ticket_count') }}
        as ticket_count,
    case
        when ledger_months.month_end is not null
            then cast(coalesce(retention.retention_cost, 0) as decimal(18, 4))
    end as retention_cost
from customers
left join service_months on customers.as_of_date = service_months.as_of_date
left join service
    on customers.as_of_date = service.as_of_date and customers.tier = service.tier
left join ledger_months on customers.as_of_date = ledger_months.month_end
left join retention
    on customers.as_of_date = retention.month_end and customers.tier = retention.tier
