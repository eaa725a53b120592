with source as (

    select * from {{ source('control', 'config_cells') }}

)

select
    source.seed,
    source.row_key,
    source.entity_key,
    source.column_name,
    source.value,
    source.from_revision,
    source.until_revision
from source
