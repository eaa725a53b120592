{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per payment or attempt at one. Every payment stays; `exclusion_reason` names the
    first rule that it breaks. Whether its invoice is known is judged at the end of the payment's
    month: a payment in advance is `payment_without_invoice` here for ever and pays its invoice in
    `int_invoices` all the same, once that is written. -#}
with run_months as (

    {{ run_months() }}

),

links as (

    select
        identity_links.source_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'billing'

),

invoices as (

    select
        invoices.invoice_id,
        invoices.source_customer_id,
        {{ month_end('invoices.invoiced_at') }} as invoice_month
    from {{ ref('stg_billing__invoices') }} as invoices

),

in_months as (

    select
        payments.*,
        {{ month_end('payments.paid_at') }} as month_end
    from {{ ref('stg_billing__payments') }} as payments
    inner join run_months on {{ in_run_months('payments.paid_at') }}

),

joined as (

    select
        in_months.payment_id,
        in_months.invoice_id,
        -- Who paid; where the payment does not say, whose invoice it is.
        coalesce(in_months.source_customer_id, invoices.source_customer_id) as source_customer_id,
        in_months.payment_method,
        in_months.status,
        in_months.currency_code,
        in_months.amount as document_amount,
        case
            when in_months.status = 'succeeded' then in_months.amount
            when in_months.status = 'refunded' then -abs(in_months.amount)
            else 0
        end as received_document_amount,
        in_months.paid_at,
        in_months.month_end,
        invoices.invoice_id is null as has_no_invoice,
        rate_days.rate
    from in_months
    left join invoices
        on
            in_months.invoice_id = invoices.invoice_id
            and in_months.month_end >= invoices.invoice_month
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            in_months.currency_code = rate_days.currency_code
            and cast(in_months.paid_at as date) = rate_days.rate_day

),

converted as (

    select
        joined.*,
        {{ in_reporting_currency('joined.document_amount', 'joined.currency_code', 'joined.rate') }}
            as amount,
        {{ in_reporting_currency(
            'joined.received_document_amount', 'joined.currency_code', 'joined.rate'
        ) }} as received_amount
    from joined

)

select
    converted.payment_id,
    converted.invoice_id,
    links.customer_id,
    converted.payment_method,
    converted.status,
    converted.currency_code,
    cast(converted.document_amount as decimal(18, 4)) as document_amount,
    cast(converted.received_document_amount as decimal(18, 4)) as received_document_amount,
    converted.amount,
    converted.received_amount,
    converted.paid_at,
    converted.month_end,
    case
        when converted.has_no_invoice then 'payment_without_invoice'
        when converted.amount is null then 'currency_without_rate'
        when links.customer_id is null then 'no_customer'
    end as exclusion_reason
from converted
left join links on converted.source_customer_id = links.source_id
