with source as (

    {{ known_rows(source('marketing', 'touch_responses')) }}

)

select
    trim(source.response_id) as response_id,
    trim(source.touch_id) as touch_id,
    trim(source.response_kind) as response_kind,
    source.responded_at
from source
