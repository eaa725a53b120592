{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per customer, category of products and month with a counted invoice line. The
    category is the one that was known at the end of that month. -#}
with run_months as (

    {{ run_months() }}

)

select distinct
    customer_products.customer_id,
    products.product_category,
    customer_products.month_end
from {{ ref('int_customer_products') }} as customer_products
inner join run_months
    on
        customer_products.month_end >= run_months.first_month
        and customer_products.month_end <= run_months.last_month
inner join {{ ref('stg_billing__products') }} as products
    on
        customer_products.product_id = products.product_id
        and products.valid_from < {{ dbt.dateadd('day', 1, 'customer_products.month_end') }}
        and (
            products.valid_to is null
            or products.valid_to >= {{ dbt.dateadd('day', 1, 'customer_products.month_end') }}
        )
where products.product_category is not null
