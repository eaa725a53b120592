with source as (

    {{ known_rows(source('billing', 'credit_notes')) }}

)

select
    trim(source.credit_line_id) as credit_line_id,
    trim(source.credit_note_id) as credit_note_id,
    trim(source.customer_id) as source_customer_id,
    trim(source.invoice_id) as invoice_id,
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    trim(source.description) as line_text,
    source.quantity,
    source.unit_price,
    cast(source.quantity * source.unit_price as decimal(18, 4)) as amount,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    source.credited_at,
    trim(source.source_extract) as source_extract,
    source._load_id as load_id
from source
