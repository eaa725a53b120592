with source as (

    {{ known_rows(source('billing', 'invoices')) }}

)

select
    trim(source.invoice_id) as invoice_id,
    trim(source.customer_id) as source_customer_id,
    trim(source.country) as country,
    source.invoiced_at,
    source.due_date,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    source._load_id as load_id
from source
