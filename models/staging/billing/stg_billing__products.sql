with source as (

    {{ known_versions(source('billing', 'products'), ['product_id'], 'updated_at') }}

)

select
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    trim(source.description) as product_name,
    trim(source.product_category) as product_category,
    source.is_recurring,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
