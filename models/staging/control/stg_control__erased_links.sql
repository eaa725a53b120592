with source as (

    select * from {{ source('control', 'erased_links') }}

)

select
    source.erasure_id,
    source.source_system,
    source.source_id,
    source.customer_id,
    source.link_method,
    source.link_score,
    source.evidence_load_id
from source
