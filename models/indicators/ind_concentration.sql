{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end: how concentrated positive 12-month revenue is (handbook C11). -#}
with run_months as (

    {{ run_months() }}

),

customers as (

    select
        ind_value.as_of_date,
        ind_value.customer_id,
        cast(ind_value.revenue_12m as decimal(18, 2)) as revenue,
        row_number() over (
            partition by ind_value.as_of_date
            order by ind_value.revenue_12m desc, ind_value.customer_id asc
        ) as descending_rank,
        row_number() over (
            partition by ind_value.as_of_date
            order by ind_value.revenue_12m, ind_value.customer_id
        ) as ascending_rank,
        count(*) over (partition by ind_value.as_of_date) as customer_count
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month
    where ind_value.revenue_12m > 0

),

sums as (

    select
        customers.as_of_date,
        max(customers.customer_count) as customer_count,
        sum(customers.revenue) as revenue,
        sum(
            case
                when customers.descending_rank <= ceil(0.2 * customers.customer_count)
                    then customers.revenue
                else 0
            end
        ) as top_revenue,
        sum(cast(customers.ascending_rank as decimal(18, 0)) * customers.revenue)
            as ranked_revenue,
        sum(customers.revenue * customers.revenue) as squared_revenue
    from customers
    group by customers.as_of_date

)

select
    sums.as_of_date,
    cast(sums.customer_count as integer) as paying_customer_count,
    cast(sums.revenue as decimal(18, 2)) as positive_revenue_12m,
    {{ ratio('sums.top_revenue', 'sums.revenue') }} as top_20_percent_revenue_ratio,
    {{ ratio(
        '2 * sums.ranked_revenue',
        'cast(sums.customer_count as double) * cast(sums.revenue as double)'
    ) }}
    - {{ ratio('sums.customer_count + 1', 'sums.customer_count') }} as gini,
    {{ ratio(
        'cast(sums.revenue as double) * cast(sums.revenue as double)', 'sums.squared_revenue'
    ) }} as effective_customer_number
from sums
