{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month in which a product came into, or went out of, the
    customer's last 12 months. The distinct products of 12 months are the running sum of these, so
    that a month costs one month's rows and not twelve's. -#}
with run_months as (

    {{ run_months() }}

),

products as (

    select
        customer_products.customer_id,
        customer_products.product_id,
        customer_products.month_end
    from {{ ref('int_customer_products') }} as customer_products
    inner join run_months
        on
            customer_products.month_end >= {{ month_end_after('run_months.first_month', -24) }}
            and customer_products.month_end <= run_months.last_month

),

neighbours as (

    select
        products.customer_id,
        products.month_end,
        lag(products.month_end) over (
            partition by products.customer_id, products.product_id order by products.month_end
        ) as previous_month,
        lead(products.month_end) over (
            partition by products.customer_id, products.product_id order by products.month_end
        ) as next_month
    from products

),

changes as (

    select
        neighbours.customer_id,
        neighbours.month_end as as_of_date,
        1 as entered,
        0 as left_count
    from neighbours
    where
        neighbours.previous_month is null
        or neighbours.previous_month <= {{ month_end_after('neighbours.month_end', -12) }}
    union all
    select
        neighbours.customer_id,
        {{ month_end_after('neighbours.month_end', 12) }} as as_of_date,
        0 as entered,
        1 as left_count
    from neighbours
    where
        neighbours.next_month is null
        or neighbours.next_month >= {{ month_end_after('neighbours.month_end', 12) }}

)

select
    changes.customer_id,
    changes.as_of_date,
    cast(sum(changes.entered) as integer) as product_entered_count,
    cast(sum(changes.left_count) as integer) as product_left_count
from changes
inner join run_months
    on changes.as_of_date >= run_months.first_month and changes.as_of_date <= run_months.last_month
group by changes.customer_id, changes.as_of_date
