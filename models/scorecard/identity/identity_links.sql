select
    links.source_system,
    md5(links.source_id) as source_key,
    links.customer_id,
    links.link_method,
    links.link_score,
    links.evidence_load_id
from {{ ref('int_identity_links') }} as links
