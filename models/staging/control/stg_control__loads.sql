with source as (

    select * from {{ source('control', 'loads') }}

)

select
    source.load_id,
    source.system as source_system,
    source.table_name as source_table,
    source.file as file_name,
    source.status,
    source.rows_read,
    source.rows_accepted,
    source.rows_unchanged,
    source.rows_quarantined
from source
inner join {{ ref('stg_control__run_window') }} as run_window
    on source.load_id <= run_window.known_load_id
