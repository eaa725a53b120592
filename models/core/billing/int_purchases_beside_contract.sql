{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per customer and day from the first subscription on with a positive invoice
    total of what no subscription of his brings: purchases that come at will, apart from recurring
    invoices. What came before the first subscription is in `int_purchases`. A line is recurring
    where its product is that of a subscription which had begun by then, and had not ended more
    than `recurring_lag_days` before: the last invoice may follow. -#}
with run_months as (

    {{ run_months() }}

),

spans as (

    select
        spans.customer_id,
        spans.product_id,
        spans.quantity,
        spans.valid_from,
        spans.valid_to
    from {{ ref('int_subscription_spans') }} as spans
    where spans.exclusion_reason is null

),

subscribers as (

    select
        spans.customer_id,
        min(spans.valid_from) as first_subscribed_on
    from spans
    where spans.quantity > 0
    group by spans.customer_id

),

lines as (

    select
        billing_lines.customer_id,
        billing_lines.line_id,
        billing_lines.product_id,
        billing_lines.amount,
        billing_lines.month_end,
        cast(billing_lines.occurred_at as date) as purchase_date
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_months
        on
            billing_lines.month_end >= run_months.first_month
            and billing_lines.month_end <= run_months.last_month
    inner join subscribers
        on
            billing_lines.customer_id = subscribers.customer_id
            and cast(billing_lines.occurred_at as date) >= subscribers.first_subscribed_on
    where
        billing_lines.exclusion_reason is null
        and billing_lines.line_kind = 'invoice_line'

),

recurring as (

    select distinct lines.line_id
    from lines
    inner join spans
        on
            lines.customer_id = spans.customer_id
            and lines.product_id = spans.product_id
            and lines.purchase_date >= spans.valid_from
            and (
                spans.valid_to is null
                or lines.purchase_date < cast(
                    {{ dbt.dateadd('day', var('recurring_lag_days'), 'spans.valid_to') }} as date
                )
            )

)

select
    lines.customer_id,
    lines.purchase_date,
    lines.month_end,
    cast(sum(lines.amount) as decimal(18, 4)) as amount
from lines
left join recurring on lines.line_id = recurring.line_id
where recurring.line_id is null
group by lines.customer_id, lines.purchase_date, lines.month_end
having sum(lines.amount) > 0
