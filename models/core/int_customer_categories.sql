{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per customer, category of products and month with a counted line. The category is
    the one that was known at the end of that month. A row without an invoice line holds what was
    given back in a month in which nothing of the category was bought. -#}
with run_months as (

    {{ run_months() }}

),

customer_products as (

    select
        billing_lines.customer_id,
        billing_lines.product_id,
        billing_lines.month_end,
        sum(case when billing_lines.line_kind = 'invoice_line' then 1 else 0 end) as line_count,
        sum(billing_lines.amount) as revenue,
        sum(case when billing_lines.cost is not null then billing_lines.amount else 0 end)
            as costed_revenue,
        sum(billing_lines.amount - billing_lines.cost) as gross_margin
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_months
        on
            billing_lines.month_end >= run_months.first_month
            and billing_lines.month_end <= run_months.last_month
    where billing_lines.exclusion_reason is null and billing_lines.product_id is not null
    group by billing_lines.customer_id, billing_lines.product_id, billing_lines.month_end

)

select
    customer_products.customer_id,
    products.product_category,
    customer_products.month_end,
    cast(sum(customer_products.line_count) as integer) as line_count,
    cast(sum(customer_products.revenue) as decimal(18, 4)) as revenue,
    cast(sum(customer_products.costed_revenue) as decimal(18, 4)) as costed_revenue,
    cast(coalesce(sum(customer_products.gross_margin), 0) as decimal(18, 4)) as gross_margin
from customer_products
inner join {{ ref('stg_billing__products') }} as products
    on
        customer_products.product_id = products.product_id
        and products.valid_from < {{ dbt.dateadd('day', 1, 'customer_products.month_end') }}
        and (
            products.valid_to is null
            or products.valid_to >= {{ dbt.dateadd('day', 1, 'customer_products.month_end') }}
        )
where products.product_category is not null
group by
    customer_products.customer_id, products.product_category, customer_products.month_end
