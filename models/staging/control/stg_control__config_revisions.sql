with source as (

    select * from {{ source('control', 'config_revisions') }}

)

select
    source.revision,
    source.known_month,
    source.published_month
from source
