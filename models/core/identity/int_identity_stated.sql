{#- Grain: one row per state and record outside the CRM whose customer is stated: by hand, or by the
    CRM's own number. What is stated is not looked for by e-mail or telephone number; a record that
    was separated by hand is not looked for at all. -#}
with {{ evidence_as_known('evidence', "evidence.evidence_kind = 'crm_id'") }},

{{ records_as_known() }},

decisions as (

    select * from {{ ref('int_identity_decisions') }}

),

by_hand as (

    select
        records.as_known,
        records.source_system,
        records.source_id,
        decisions.other_system,
        decisions.other_id
    from records
    inner join decisions
        on
            records.as_known = decisions.as_known
            and records.source_system = decisions.source_system
            and records.source_id = decisions.source_id
            and decisions.decision = 'same_as'
    inner join records as others
        on
            records.as_known = others.as_known
            and decisions.other_system = others.source_system
            and decisions.other_id = others.source_id
    where records.source_system <> 'crm'

),

separated as (

    select distinct
        decisions.as_known,
        decisions.source_system,
        decisions.source_id
    from decisions
    where decisions.decision = 'separate'

),

numbers as (

    select
        evidence.as_known,
        evidence.source_system,
        evidence.source_id,
        evidence.value as crm_id,
        row_number() over (
            partition by evidence.as_known, evidence.source_system, evidence.source_id
            order by
                case when evidence.valid_to is null then 0 else 1 end asc,
                evidence.valid_from desc,
                evidence.value asc
        ) as newest_rank,
        greatest(evidence.load_id, coalesce(crm.first_load_id, 0)) as evidence_load_id
    from evidence
    inner join records as crm
        on
            evidence.as_known = crm.as_known
            and evidence.value = crm.source_id
            and crm.source_system = 'crm'

),

same_numbers as (

    select
        records.as_known,
        records.source_system,
        records.source_id,
        records.source_id as crm_id,
        greatest(coalesce(records.first_load_id, 0), coalesce(crm.first_load_id, 0))
            as evidence_load_id
    from records
    inner join records as crm
        on
            records.as_known = crm.as_known
            and records.source_id = crm.source_id
            and crm.source_system = 'crm'
    where records.source_system = 'billing' and not records.has_version

),

exact as (

    select
        numbers.as_known,
        numbers.source_system,
        numbers.source_id,
        numbers.crm_id,
        numbers.evidence_load_id
    from numbers
    where numbers.newest_rank = 1
    union all
    select * from same_numbers

)

select
    records.as_known,
    records.source_system,
    records.source_id,
    case
        when by_hand.source_id is not null then 'manual'
        when separated.source_id is not null then 'separated'
        else 'exact_id'
    end as link_method,
    case
        when by_hand.source_id is not null then by_hand.other_system
        when separated.source_id is null then 'crm'
    end as other_system,
    case
        when by_hand.source_id is not null then by_hand.other_id
        when separated.source_id is null then exact.crm_id
    end as other_id,
    case
        when by_hand.source_id is null and separated.source_id is null
            then exact.evidence_load_id
    end as evidence_load_id
from records
left join by_hand
    on
        records.as_known = by_hand.as_known
        and records.source_system = by_hand.source_system
        and records.source_id = by_hand.source_id
left join separated
    on
        records.as_known = separated.as_known
        and records.source_system = separated.source_system
        and records.source_id = separated.source_id
left join exact
    on
        records.as_known = exact.as_known
        and records.source_system = exact.source_system
        and records.source_id = exact.source_id
where
    records.source_system <> 'crm'
    and (
        by_hand.source_id is not null
        or separated.source_id is not null
        or exact.source_id is not null
    )
