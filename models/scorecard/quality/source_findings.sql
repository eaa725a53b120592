select
    findings.rule_id,
    findings.source_system,
    findings.source_table,
    findings.action,
    findings.row_count,
    findings.checked_count,
    findings.share,
    reasons.explanation,
    findings.first_month,
    findings.last_month
from {{ ref('int_source_findings') }} as findings
left join {{ ref('exclusion_reasons') }} as reasons
    on findings.rule_id = reasons.exclusion_reason
