{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per customer, product and month with a counted invoice line. -#}
with run_months as (

    {{ run_months() }}

)

select distinct
    billing_lines.customer_id,
    billing_lines.product_id,
    billing_lines.month_end
from {{ ref('int_billing_lines') }} as billing_lines
inner join run_months
    on
        billing_lines.month_end >= run_months.first_month
        and billing_lines.month_end <= run_months.last_month
where
    billing_lines.exclusion_reason is null
    and billing_lines.line_kind = 'invoice_line'
