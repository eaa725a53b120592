with source as (

    select * from {{ source('control', 'systems') }}

)

select
    source.system as source_system,
    source.measured_from,
    source.complete_to
from source
