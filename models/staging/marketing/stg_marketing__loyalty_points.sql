with source as (

    {{ known_rows(source('marketing', 'loyalty_points')) }}

)

select
    trim(source.entry_id) as entry_id,
    trim(source.member_id) as member_id,
    source.posted_on,
    trim(source.kind) as kind,
    source.points
from source
