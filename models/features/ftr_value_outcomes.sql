{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('value_outcome_months')},
) }}
{#- Grain: one row per customer with a purchase and month end whose 12 months after it are complete:
    what really came. Kept apart from the features, since it looks ahead. -#}
with run_months as (

    {{ run_months(months_back=var('value_outcome_months')) }}

),

customer_months as (

    select
        customer_months.customer_id,
        customer_months.as_of_date,
        customer_months.last_purchase_date,
        sum(customer_months.purchase_count) over later as purchase_count_after,
        sum(customer_months.revenue) over later as revenue_after
    from {{ ref('int_customer_months') }} as customer_months
    inner join run_months
        on
            customer_months.as_of_date >= run_months.first_month
            and customer_months.as_of_date <= run_months.last_month
    window later as (
        partition by customer_months.customer_id order by customer_months.as_of_date
        rows between 1 following and {{ var('value_outcome_months') }} following
    )

)

select
    customer_months.customer_id,
    customer_months.as_of_date,
    {{ var('value_outcome_months') }} as outcome_months,
    cast(customer_months.purchase_count_after as integer) as purchase_count_after,
    cast(customer_months.revenue_after as double) as revenue_after
from customer_months
cross join run_months
where
    customer_months.last_purchase_date is not null
    and {{ month_end_after('customer_months.as_of_date', var('value_outcome_months')) }}
    <= run_months.last_month
