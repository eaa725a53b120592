{#- Grain: one row per state, billing record without a stated customer, and customer of the CRM that
    shares an e-mail address or telephone number with it: the link, or why not. -#}
with {{ evidence_as_known() }},

{{ records_as_known() }},

seekers as (

    select
        records.as_known,
        records.source_system,
        records.source_id
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
        crm_customers.as_known,
        'crm' as source_system,
        crm_customers.source_id,
        crm_customers.customer_id
    from {{ ref('int_identity_crm_customers') }} as crm_customers

),

{{ customer_matches() }}

select * from matches
