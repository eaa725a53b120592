{#- Grain: one row per state and decision by hand: what stands in the seed now, and what the
    completed run before was made with. -#}
select
    'now' as as_known,
    decisions.source_system,
    decisions.source_id,
    decisions.decision,
    decisions.other_system,
    decisions.other_id
from {{ ref('identity_decisions') }} as decisions
union all
select
    'before' as as_known,
    decisions.source_system,
    decisions.source_id,
    decisions.decision,
    decisions.other_system,
    decisions.other_id
from {{ ref('stg_control__identity_decisions') }} as decisions
