{#- The refused rows by their rule, and what a person has decided on them since; what stands in them
    stays in quarantine. -#}
with source as (

    select * from {{ source('quarantine', 'refused_rows') }}

),

run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

decided as (

    select
        decided_rows.load_id,
        decided_rows.line,
        decided_rows.rule,
        decisions.decision_id,
        decisions.action,
        decisions.waived_rule,
        decisions.reason
    from {{ source('quarantine', 'decided_rows') }} as decided_rows
    inner join {{ source('quarantine', 'decisions') }} as decisions
        on decided_rows.decision_id = decisions.decision_id
    inner join run_window on decisions.decision_load_id <= run_window.known_load_id

)

select
    source.load_id,
    source.system as source_system,
    source.table_name as source_table,
    source.file as file_name,
    source.line as line_number,
    source.rule as rule_id,
    source.column_name,
    case decided.action
        when 'release' then 'released'
        when 'dismiss' then 'dismissed'
        else 'open'
    end as row_state,
    decided.decision_id,
    nullif(decided.waived_rule, '') as waived_rule,
    decided.reason as decision_reason
from source
inner join run_window on source.load_id <= run_window.known_load_id
left join decided
    on
        source.load_id = decided.load_id
        and source.line = decided.line
        and source.rule = decided.rule
