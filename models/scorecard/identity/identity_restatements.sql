select
    restatements.source_system,
    md5(restatements.source_id) as source_key,
    restatements.customer_id_before,
    restatements.customer_id_after,
    restatements.change_kind,
    restatements.link_method,
    restatements.link_score,
    restatements.evidence_load_id,
    restatements.affected_from_month
from {{ ref('int_identity_restatements') }} as restatements
