{{ config(severity='warn') }}
-- A decision by hand on a record that no system sent: it does nothing. Mistyped, or not loaded yet.
select
    decisions.source_system,
    decisions.source_id,
    decisions.other_system,
    decisions.other_id
from {{ ref('identity_decisions') }} as decisions
left join {{ ref('int_identity_records') }} as records
    on decisions.source_system = records.source_system and decisions.source_id = records.source_id
left join {{ ref('int_identity_records') }} as others
    on decisions.other_system = others.source_system and decisions.other_id = others.source_id
where
    records.source_id is null
    or (decisions.decision = 'same_as' and others.source_id is null)
