{#- Grain: one row per invoice, as known at the end of the run's last month. -#}
select
    invoices.invoice_id,
    invoices.customer_id,
    invoices.invoiced_at,
    invoices.month_end,
    invoices.due_date,
    invoices.currency_code,
    invoices.document_amount,
    invoices.amount,
    invoices.revenue_amount,
    invoices.credited_amount,
    invoices.paid_amount,
    invoices.refunded_amount,
    invoices.open_amount,
    invoices.first_paid_at,
    invoices.fully_paid_at,
    invoices.days_late,
    invoices.payment_status,
    invoices.line_count,
    invoices.exclusion_reason
from {{ ref('int_invoices') }} as invoices
