{#- The refused rows by their rule; what stands in them stays in quarantine. -#}
with source as (

    select * from {{ source('quarantine', 'refused_rows') }}

)

select
    source.load_id,
    source.system as source_system,
    source.table_name as source_table,
    source.file as file_name,
    source.line as line_number,
    source.rule as rule_id,
    source.column_name
from source
inner join {{ ref('stg_control__run_window') }} as run_window
    on source.load_id <= run_window.known_load_id
