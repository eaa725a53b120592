with source as (

    select * from {{ source('control', 'identity_decisions') }}

)

select
    source.source_system,
    source.source_id,
    source.decision,
    source.other_system,
    source.other_id
from source
