with source as (

    {{ known_rows(source('billing', 'returns')) }}

)

select
    trim(source.return_id) as return_id,
    trim(source.shipment_id) as shipment_id,
    trim(source.customer_id) as source_customer_id,
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    source.quantity,
    trim(source.return_reason) as return_reason,
    source.returned_at
from source
