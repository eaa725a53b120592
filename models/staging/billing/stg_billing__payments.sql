with source as (

    {{ known_rows(source('billing', 'payments')) }}

)

select
    trim(source.payment_id) as payment_id,
    trim(source.invoice_id) as invoice_id,
    trim(source.customer_id) as source_customer_id,
    source.amount,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    trim(source.payment_method) as payment_method,
    trim(source.status) as status,
    source.paid_at
from source
