{#- Grain: one row per state, record of an optional system without a stated customer, and customer
    that shares an e-mail address or telephone number with it: the link, or why not. Each system is
    matched with what the CRM and billing say alone, so that none changes the links of another. -#}
with {{ evidence_as_known(
    'seeker_evidence', "evidence.source_system not in ('crm', 'billing')"
) }},

{{ evidence_as_known('customer_evidence', "evidence.source_system in ('crm', 'billing')") }},

{{ records_as_known() }},

seekers as (

    select
        records.as_known,
        records.source_system,
        records.source_id,
        records.record_key
    from records
    left join {{ ref('int_identity_stated') }} as stated
        on
            records.as_known = stated.as_known
            and records.source_system = stated.source_system
            and records.source_id = stated.source_id
    where
        records.source_system not in ('crm', 'billing')
        and records.has_version
        and stated.source_id is null

),

members as (

    select
        concat(
            anchors.as_known, '|', anchors.source_system, '|', anchors.source_id
        ) as record_key,
        concat(anchors.as_known, '|', anchors.customer_id) as customer_key
    from {{ ref('int_identity_anchors') }} as anchors

),

{{ customer_matches() }}

select * from matches
