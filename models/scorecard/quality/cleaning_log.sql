select
    corrections.rule_id,
    corrections.source_system,
    corrections.source_table,
    corrections.column_name,
    corrections.row_key,
    corrections.value_before,
    corrections.value_after,
    corrections.row_count,
    corrections.example_key,
    corrections.first_month,
    corrections.last_month,
    reasons.explanation
from {{ ref('int_corrections') }} as corrections
left join {{ ref('exclusion_reasons') }} as reasons
    on corrections.rule_id = reasons.exclusion_reason
