{#- Grain: one row per state and pair of CRM records that share an e-mail address, or that were
    joined by hand: one customer twice, or why not. -#}
with {{ evidence_as_known(
    'evidence', "evidence.source_system = 'crm' and not evidence.is_contact"
) }},

{{ records_as_known() }},

nodes as (

    select
        records.as_known,
        records.record_key,
        records.source_id,
        records.is_id_reused
    from records
    where records.source_system = 'crm'

),

-- The contact persons of two customers may be the same one: their addresses join nothing.
held as (

    select
        evidence.as_known,
        evidence.record_key,
        evidence.source_id,
        evidence.evidence_kind,
        evidence.value,
        evidence.load_id
    from evidence
    inner join nodes on evidence.record_key = nodes.record_key

),

{{ duplicate_pairs('crm') }},

by_hand as (

    select distinct
        nodes.as_known,
        least(nodes.source_id, other_nodes.source_id) as source_id,
        greatest(nodes.source_id, other_nodes.source_id) as other_id
    from {{ ref('int_identity_decisions') }} as decisions
    inner join nodes
        on decisions.source_id = nodes.source_id and decisions.as_known = nodes.as_known
    inner join nodes as other_nodes
        on decisions.other_id = other_nodes.source_id and nodes.as_known = other_nodes.as_known
    where
        decisions.decision = 'same_as'
        and decisions.source_system = 'crm'
        and decisions.other_system = 'crm'

)

select
    pairs.as_known,
    pairs.source_id,
    pairs.other_id,
    pairs.link_method,
    pairs.link_score,
    pairs.evidence_load_id,
    pairs.refused_reason
from pairs
left join by_hand
    on
        pairs.as_known = by_hand.as_known
        and pairs.source_id = by_hand.source_id
        and pairs.other_id = by_hand.other_id
where by_hand.source_id is null
union all
select
    by_hand.as_known,
    by_hand.source_id,
    by_hand.other_id,
    'manual' as link_method,
    {{ identity_score('stated') }} as link_score,
    cast(null as bigint) as evidence_load_id,
    cast(null as varchar) as refused_reason
from by_hand
