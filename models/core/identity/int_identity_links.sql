{#- Grain: one row per source system and identifier: whose it is, as known now. -#}
select
    link_states.source_system,
    link_states.source_id,
    link_states.customer_id,
    link_states.link_method,
    link_states.link_score,
    link_states.evidence_load_id
from {{ ref('int_identity_link_states') }} as link_states
where link_states.as_known = 'now'
