{#- Grain: one row per state and pair of billing records without a customer of the CRM that share an
    e-mail address: one customer twice, or why not. -#}
with {{ evidence_as_known('evidence', "evidence.source_system = 'billing'") }},

{{ records_as_known() }},

nodes as (

    select
        records.as_known,
        records.record_key,
        records.source_id,
        records.is_id_reused
    from records
    left join {{ ref('int_identity_stated') }} as stated
        on
            records.as_known = stated.as_known
            and records.source_system = stated.source_system
            and records.source_id = stated.source_id
    left join {{ ref('int_identity_billing_matches') }} as matches
        on
            records.as_known = matches.as_known
            and records.source_system = matches.source_system
            and records.source_id = matches.source_id
            and matches.refused_reason is null
    where
        records.source_system = 'billing'
        and records.has_version
        and stated.source_id is null
        and matches.source_id is null

),

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

{{ duplicate_pairs('billing') }}

select * from pairs
