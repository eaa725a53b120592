-- A decision by hand that would be read otherwise than it was meant: `same_as` without the other
-- record, with itself, of a CRM record with one outside the CRM, or of a record with one that was
-- itself given to another by hand (name the last one instead).
select
    decisions.source_system,
    decisions.source_id,
    decisions.other_system,
    decisions.other_id
from {{ ref('identity_decisions') }} as decisions
left join {{ ref('identity_decisions') }} as onward
    on
        decisions.other_system = onward.source_system
        and decisions.other_id = onward.source_id
        and onward.decision = 'same_as'
        and onward.source_system <> 'crm'
where
    decisions.decision = 'same_as'
    and (
        decisions.other_system is null
        or decisions.other_id is null
        or (
            decisions.source_system = decisions.other_system
            and decisions.source_id = decisions.other_id
        )
        or (decisions.source_system = 'crm' and decisions.other_system <> 'crm')
        or onward.source_id is not null
    )
