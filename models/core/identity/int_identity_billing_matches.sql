{#- Grain: one row per state, billing record without a stated customer, and customer of the CRM that
    shares an e-mail address or telephone number with it: the link, or why not. -#}
with {{ evidence_as_known('seeker_evidence', "evidence.source_system = 'billing'") }},

{{ evidence_as_known('customer_evidence', "evidence.source_system = 'crm'") }},

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
    where records.source_system = 'billing' and stated.source_id is null

),

members as (

    select
        concat(crm_customers.as_known, '|crm|', crm_customers.source_id) as record_key,
        concat(crm_customers.as_known, '|', crm_customers.customer_id) as customer_key
    from {{ ref('int_identity_crm_customers') }} as crm_customers

),

{{ customer_matches() }}

select * from matches
