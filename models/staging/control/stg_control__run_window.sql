with source as (

    select * from {{ source('control', 'run_window') }}

)

select
    source.first_month,
    source.last_month,
    source.history_start,
    source.known_load_id,
    source.previous_load_id
from source
