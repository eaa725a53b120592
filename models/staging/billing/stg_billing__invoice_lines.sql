with source as (

    {{ known_rows(source('billing', 'invoice_lines')) }}

)

select
    trim(source.line_id) as line_id,
    trim(source.invoice_id) as invoice_id,
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    trim(source.subscription_id) as subscription_id,
    source.quantity,
    source.unit_price,
    cast(source.quantity * source.unit_price as decimal(18, 4)) as amount,
    source.list_price,
    source.invoiced_at,
    trim(source.source_extract) as source_extract,
    trim(source.description) as line_text
from source
