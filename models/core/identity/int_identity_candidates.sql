{#- Grain: one row per pair of source records and reason for which a person should look at it. A
    list for review, never a link: names and addresses decide nothing, nor does evidence that points
    at several customers. -#}
with links as (

    select * from {{ ref('int_identity_links') }}

),

-- The record that gave its customer the key.
anchors as (

    select
        links.customer_id,
        links.source_system,
        links.source_id
    from links
    where links.link_method = 'own_id'

),

refused_pairs as (

    select
        'crm' as source_system,
        pairs.source_id,
        pairs.other_id,
        pairs.refused_reason,
        pairs.link_score
    from {{ ref('int_identity_crm_pairs') }} as pairs
    where pairs.as_known = 'now' and pairs.refused_reason <> 'separated_by_hand'
    union all
    select
        'billing' as source_system,
        pairs.source_id,
        pairs.other_id,
        pairs.refused_reason,
        pairs.link_score
    from {{ ref('int_identity_billing_pairs') }} as pairs
    where pairs.as_known = 'now' and pairs.refused_reason <> 'separated_by_hand'

),

refused_matches as (

    select
        matches.source_system,
        matches.source_id,
        matches.customer_id,
        matches.refused_reason,
        matches.link_score
    from {{ ref('int_identity_billing_matches') }} as matches
    where matches.as_known = 'now' and matches.refused_reason is not null
    union all
    select
        matches.source_system,
        matches.source_id,
        matches.customer_id,
        matches.refused_reason,
        matches.link_score
    from {{ ref('int_identity_matches') }} as matches
    where matches.as_known = 'now' and matches.refused_reason is not null

),

alike as (

    select
        blocks.source_system,
        blocks.source_id,
        others.source_system as other_system,
        others.source_id as other_id,
        blocks.customer_id,
        others.customer_id as other_customer_id,
        max(
            (
                {{ text_similarity('blocks.name', 'others.name') }}
                + {{ text_similarity('blocks.street', 'others.street') }}
            ) / 2
        ) as score
    from {{ ref('int_identity_blocks') }} as blocks
    inner join {{ ref('int_identity_blocks') }} as others
        on
            blocks.block_kind = others.block_kind
            and blocks.block_key = others.block_key
            and blocks.block_rank < others.block_rank
            and blocks.customer_id <> others.customer_id
    where
        blocks.is_compared
        and others.is_compared
        and {{ text_similarity('blocks.street', 'others.street') }}
            >= {{ identity_setting('street_similarity') }}
        and {{ replace_pattern('blocks.street', '[^0-9]', '') }}
            = {{ replace_pattern('others.street', '[^0-9]', '') }}
        and {{ names_agree('blocks.name', 'others.name') }}
    group by
        blocks.source_system, blocks.source_id, others.source_system, others.source_id,
        blocks.customer_id, others.customer_id

),

candidates as (

    select
        refused_pairs.source_system,
        refused_pairs.source_id,
        refused_pairs.source_system as other_system,
        refused_pairs.other_id,
        links.customer_id,
        other_links.customer_id as other_customer_id,
        refused_pairs.refused_reason as review_reason,
        refused_pairs.link_score as score
    from refused_pairs
    inner join links
        on
            refused_pairs.source_system = links.source_system
            and refused_pairs.source_id = links.source_id
    inner join links as other_links
        on
            refused_pairs.source_system = other_links.source_system
            and refused_pairs.other_id = other_links.source_id
    where links.customer_id <> other_links.customer_id
    union all
    -- Of a record that found its customer otherwise nothing is left to ask.
    select
        refused_matches.source_system,
        refused_matches.source_id,
        anchors.source_system as other_system,
        anchors.source_id as other_id,
        links.customer_id,
        refused_matches.customer_id as other_customer_id,
        refused_matches.refused_reason as review_reason,
        refused_matches.link_score as score
    from refused_matches
    inner join links
        on
            refused_matches.source_system = links.source_system
            and refused_matches.source_id = links.source_id
            and links.link_method in ('own_id', 'unresolved')
    left join anchors on refused_matches.customer_id = anchors.customer_id
    union all
    select
        alike.source_system,
        alike.source_id,
        alike.other_system,
        alike.other_id,
        alike.customer_id,
        alike.other_customer_id,
        'name_and_address' as review_reason,
        cast(round(alike.score, 6) as decimal(9, 6)) as score
    from alike
    union all
    select
        records.source_system,
        records.source_id,
        cast(null as varchar) as other_system,
        cast(null as varchar) as other_id,
        links.customer_id,
        cast(null as varchar) as other_customer_id,
        'customer_id_reused' as review_reason,
        cast(null as decimal(9, 6)) as score
    from {{ ref('int_identity_records') }} as records
    inner join links
        on records.source_system = links.source_system and records.source_id = links.source_id
    where records.is_id_reused

)

select
    candidates.source_system,
    candidates.source_id,
    candidates.other_system,
    candidates.other_id,
    candidates.customer_id,
    candidates.other_customer_id,
    candidates.review_reason,
    cast(candidates.score as decimal(9, 6)) as score
from candidates
