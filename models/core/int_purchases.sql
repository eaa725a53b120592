{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per customer and day with a positive invoice total, credits apart. -#}
with run_months as (

    {{ run_months() }}

),

lines as (

    select
        billing_lines.customer_id,
        billing_lines.document_id,
        billing_lines.amount,
        billing_lines.cost,
        billing_lines.month_end,
        cast(billing_lines.occurred_at as date) as purchase_date
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_months
        on
            billing_lines.month_end >= run_months.first_month
            and billing_lines.month_end <= run_months.last_month
    where
        billing_lines.exclusion_reason is null
        and billing_lines.line_kind = 'invoice_line'

)

select
    lines.customer_id,
    lines.purchase_date,
    lines.month_end,
    cast(sum(lines.amount) as decimal(18, 4)) as amount,
    cast(sum(case when lines.cost is not null then lines.amount else 0 end) as decimal(18, 4))
        as costed_amount,
    cast(coalesce(sum(lines.amount - lines.cost), 0) as decimal(18, 4)) as gross_margin,
    cast(count(*) as integer) as line_count,
    cast(count(distinct lines.document_id) as integer) as invoice_count
from lines
group by lines.customer_id, lines.purchase_date, lines.month_end
having sum(lines.amount) > 0
