{#- Grain: one row per load, rule and column that refused rows, and decision on them. -#}
with refused as (

    select
        refused_rows.load_id,
        refused_rows.source_system,
        refused_rows.source_table,
        refused_rows.file_name,
        refused_rows.rule_id,
        coalesce(refused_rows.column_name, '*') as column_name,
        coalesce(refused_rows.decision_id, 0) as decision_id,
        refused_rows.row_state,
        refused_rows.waived_rule,
        refused_rows.decision_reason,
        count(*) as row_count
    from {{ ref('stg_control__refused_rows') }} as refused_rows
    group by
        refused_rows.load_id,
        refused_rows.source_system,
        refused_rows.source_table,
        refused_rows.file_name,
        refused_rows.rule_id,
        coalesce(refused_rows.column_name, '*'),
        coalesce(refused_rows.decision_id, 0),
        refused_rows.row_state,
        refused_rows.waived_rule,
        refused_rows.decision_reason

)

select
    refused.load_id,
    refused.source_system,
    refused.source_table,
    refused.file_name,
    refused.rule_id,
    refused.column_name,
    refused.decision_id,
    refused.row_state,
    refused.row_count,
    loads.rows_read as load_row_count,
    reasons.explanation,
    refused.waived_rule,
    refused.decision_reason
from refused
inner join {{ ref('stg_control__loads') }} as loads on refused.load_id = loads.load_id
left join {{ ref('exclusion_reasons') }} as reasons
    on refused.rule_id = reasons.exclusion_reason
