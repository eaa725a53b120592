with source as (

    select * from {{ source('control', 'loads') }}

),

decisions as (

    select * from {{ source('quarantine', 'decisions') }}

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
    source.rows_quarantined,
    decisions.decision_id is not null as is_decision
from source
inner join {{ ref('stg_control__run_window') }} as run_window
    on source.load_id <= run_window.known_load_id
left join decisions on source.load_id = decisions.decision_load_id
