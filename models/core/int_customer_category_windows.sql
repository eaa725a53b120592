{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer, category of products and month end, where something of the category
    was bought or given back in the twelve months to it; only month ends whose twelve months billing
    covers. -#}
with run_months as (

    {{ run_months() }}

),

month_ends as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    cross join {{ ref('stg_control__systems') }} as systems
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    where
        systems.source_system = 'billing'
        and systems.measured_from <= cast(
            {{ dbt.date_trunc('month', dbt.dateadd('month', -11, 'months.as_of_date')) }} as date
        )

)

select
    customer_categories.customer_id,
    customer_categories.product_category,
    month_ends.as_of_date,
    cast(sum(customer_categories.line_count) as integer) as line_count_12m,
    cast(sum(customer_categories.revenue) as decimal(18, 4)) as revenue_12m,
    cast(sum(customer_categories.costed_revenue) as decimal(18, 4)) as costed_revenue_12m,
    cast(sum(customer_categories.gross_margin) as decimal(18, 4)) as gross_margin_12m
from {{ ref('int_customer_categories') }} as customer_categories
inner join month_ends
    on
        customer_categories.month_end <= month_ends.as_of_date
        and customer_categories.month_end > {{ month_end_after('month_ends.as_of_date', -12) }}
group by
    customer_categories.customer_id,
    customer_categories.product_category,
    month_ends.as_of_date
