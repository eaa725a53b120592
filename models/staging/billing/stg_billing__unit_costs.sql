with source as (

    {{ known_versions(source('billing', 'unit_costs'), ['product_id'], 'valid_from') }}

)

select
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    source.unit_cost,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
