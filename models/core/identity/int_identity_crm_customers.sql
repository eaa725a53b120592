{#- Grain: one row per state and CRM record: its customer. Duplicates share one; the record that was
    seen first anchors it. -#}
with {{ records_as_known() }},

crm as (

    select
        records.as_known,
        records.source_id,
        records.first_seen_at,
        records.first_load_id
    from records
    where records.source_system = 'crm'

),

links as (

    select
        pairs.as_known,
        pairs.source_id,
        pairs.other_id,
        pairs.link_method,
        pairs.link_score,
        pairs.evidence_load_id
    from {{ ref('int_identity_crm_pairs') }} as pairs
    where pairs.refused_reason is null

),

{{ connected_labels() }},

anchored as (

    select
        labels.as_known,
        labels.source_id,
        first_value(labels.source_id) over (
            partition by labels.label_key
            order by crm.first_seen_at, labels.source_id
        ) as anchor_id
    from labels
    inner join crm
        on labels.as_known = crm.as_known and labels.source_id = crm.source_id

),

ranked as (

    select
        ends.*,
        row_number() over (
            partition by ends.node_key
            order by ends.link_score desc, ends.evidence_load_id asc, ends.other_id asc
        ) as best_rank
    from ends

),

joined as (

    select
        crm.as_known,
        crm.source_id,
        crm.first_load_id,
        coalesce(anchored.anchor_id, crm.source_id) as anchor_id,
        ranked.link_method,
        ranked.link_score,
        ranked.evidence_load_id
    from crm
    left join anchored
        on crm.as_known = anchored.as_known and crm.source_id = anchored.source_id
    left join ranked
        on
            crm.as_known = ranked.as_known
            and crm.source_id = ranked.source_id
            and ranked.best_rank = 1

)

select
    joined.as_known,
    joined.source_id,
    joined.anchor_id,
    {{ customer_key('joined.anchor_id') }} as customer_id,
    case when joined.anchor_id = joined.source_id then 'own_id' else joined.link_method end
        as link_method,
    case
        when joined.anchor_id = joined.source_id then {{ identity_score('stated') }}
        else joined.link_score
    end as link_score,
    case
        when joined.anchor_id = joined.source_id then joined.first_load_id
        else joined.evidence_load_id
    end as evidence_load_id
from joined
