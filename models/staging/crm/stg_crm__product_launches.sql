with source as (

    {{ known_rows(source('crm', 'product_launches')) }}

)

select
    trim(source.launch_id) as launch_id,
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    trim(source.launch_name) as launch_name,
    source.launched_at
from source
