with source as (

    select * from {{ source('control', 'company') }}

)

select
    source.company_name,
    source.is_simulated,
    source.note
from source
