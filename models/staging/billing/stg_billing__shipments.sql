with source as (

    {{ known_rows(source('billing', 'shipments')) }}

)

select
    trim(source.shipment_id) as shipment_id,
    trim(source.customer_id) as source_customer_id,
    trim(source.invoice_id) as invoice_id,
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    source.quantity,
    source.shipped_at,
    source.delivered_at
from source
