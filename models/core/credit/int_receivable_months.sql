{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end with an open invoice at it, or one that was settled in
    the month, where payments were measured. What is open at a month end is what was owed then: an
    invoice that was settled later stands here with all of it, less what had been paid or credited
    by then. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

payment_days as (

    select
        min(cast(payments.paid_at as date)) as first_day,
        max(payments.month_end) as last_month
    from {{ ref('int_payments') }} as payments
    inner join run_months on payments.month_end <= run_months.last_month

),

invoices as (

    select
        invoices.invoice_id,
        invoices.customer_id,
        invoices.amount,
        invoices.due_date,
        invoices.month_end,
        {{ month_end('invoices.fully_paid_at') }} as settled_month,
        {{ days_between('invoices.due_date', 'cast(invoices.fully_paid_at as date)') }}
            as settled_days_late,
        invoices.first_paid_at is not null or invoices.credited_amount > 0 as has_steps
    from {{ ref('int_invoices') }} as invoices
    cross join payment_days
    where
        invoices.exclusion_reason is null
        and invoices.customer_id is not null
        and invoices.amount > 0
        and cast(invoices.invoiced_at as date) >= payment_days.first_day

),

open_invoices as (

    select
        months.as_of_date,
        invoices.invoice_id,
        invoices.customer_id,
        invoices.amount,
        invoices.due_date,
        invoices.has_steps
    from invoices
    inner join months
        on
            invoices.month_end <= months.as_of_date
            and (invoices.settled_month is null or invoices.settled_month > months.as_of_date)
    inner join payment_days on months.as_of_date <= payment_days.last_month

),

-- What was paid or credited on invoices that were not settled by it at once.
steps as (

    select
        payments.invoice_id,
        payments.month_end,
        payments.received_amount as amount
    from {{ ref('int_payments') }} as payments
    where payments.received_amount > 0 and payments.invoice_id is not null
    union all
    select
        billing_lines.invoice_id,
        billing_lines.month_end,
        -billing_lines.amount as amount
    from {{ ref('int_billing_lines') }} as billing_lines
    where
        billing_lines.line_kind = 'credit_line'
        and billing_lines.invoice_id is not null
        and {{ is_owed('billing_lines.exclusion_reason') }}

),

step_sums as (

    select
        open_invoices.as_of_date,
        open_invoices.invoice_id,
        sum(steps.amount) as amount
    from open_invoices
    inner join steps
        on
            open_invoices.invoice_id = steps.invoice_id
            and open_invoices.as_of_date >= steps.month_end
    where open_invoices.has_steps
    group by open_invoices.as_of_date, open_invoices.invoice_id

),

receivables as (

    select
        open_invoices.customer_id,
        open_invoices.as_of_date,
        count(*) as open_invoice_count,
        sum(greatest(open_invoices.amount - coalesce(step_sums.amount, 0), 0))
            as receivable_amount,
        sum(
            case
                when open_invoices.due_date < open_invoices.as_of_date
                    then greatest(open_invoices.amount - coalesce(step_sums.amount, 0), 0)
                else 0
            end
        ) as overdue_amount,
        max({{ days_between('open_invoices.due_date', 'open_invoices.as_of_date') }})
            as open_days_past_due
    from open_invoices
    left join step_sums
        on
            open_invoices.as_of_date = step_sums.as_of_date
            and open_invoices.invoice_id = step_sums.invoice_id
    group by open_invoices.customer_id, open_invoices.as_of_date

),

settled as (

    select
        invoices.customer_id,
        invoices.settled_month as as_of_date,
        count(*) as settled_invoice_count,
        max(invoices.settled_days_late) as settled_days_past_due
    from invoices
    inner join months on invoices.settled_month = months.as_of_date
    group by invoices.customer_id, invoices.settled_month

)

select
    coalesce(receivables.customer_id, settled.customer_id) as customer_id,
    coalesce(receivables.as_of_date, settled.as_of_date) as as_of_date,
    cast(coalesce(receivables.open_invoice_count, 0) as integer) as open_invoice_count,
    cast(coalesce(receivables.receivable_amount, 0) as decimal(18, 4)) as receivable_amount,
    cast(coalesce(receivables.overdue_amount, 0) as decimal(18, 4)) as overdue_amount,
    cast(coalesce(settled.settled_invoice_count, 0) as integer) as settled_invoice_count,
    -- The longest delay seen in the month, of what was settled in it or still is open; 0 for none.
    greatest(
        coalesce(receivables.open_days_past_due, 0), coalesce(settled.settled_days_past_due, 0), 0
    ) as days_past_due
from receivables
full outer join settled
    on
        receivables.customer_id = settled.customer_id
        and receivables.as_of_date = settled.as_of_date
