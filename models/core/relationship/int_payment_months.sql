{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month in which an invoice fell due. An invoice is on time when
    it was settled by the end of its due day, and late when not, whatever came after. A month
    without any payment of anybody is not measured, nor is an invoice from before the first. -#}
with run_months as (

    {{ run_months() }}

),

payment_months as (

    select
        payments.month_end,
        min(cast(payments.paid_at as date)) as first_paid_on
    from {{ ref('int_payments') }} as payments
    inner join run_months on payments.month_end <= run_months.last_month
    group by payments.month_end

),

first_payment as (

    select min(payment_months.first_paid_on) as paid_on
    from payment_months

),

due as (

    select
        invoices.customer_id,
        {{ month_end('invoices.due_date') }} as as_of_date,
        invoices.amount,
        coalesce(cast(invoices.fully_paid_at as date) <= invoices.due_date, false) as is_on_time
    from {{ ref('int_invoices') }} as invoices
    inner join run_months on {{ in_run_months('invoices.due_date') }}
    cross join first_payment
    where
        invoices.exclusion_reason is null
        and invoices.amount > 0
        and cast(invoices.invoiced_at as date) >= first_payment.paid_on
        and cast(invoices.invoiced_at as date) <= {{ month_end('invoices.due_date') }}

)

select
    due.customer_id,
    due.as_of_date,
    cast(count(*) as integer) as invoices_due,
    cast(sum(case when due.is_on_time then 1 else 0 end) as integer) as invoices_on_time,
    cast(sum(due.amount) as decimal(18, 4)) as amount_due,
    cast(sum(case when due.is_on_time then due.amount else 0 end) as decimal(18, 4))
        as amount_on_time
from due
inner join payment_months on due.as_of_date = payment_months.month_end
group by due.customer_id, due.as_of_date
