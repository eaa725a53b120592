{#- Grain: one row per source system and identifier. Exact identifiers only: a billing identifier
    that the CRM knows is the CRM's customer; one that it does not know anchors a customer itself. -#}
with crm_identifiers as (

    select distinct customers.crm_customer_id as source_id
    from {{ ref('stg_crm__customers') }} as customers

),

billing_identifiers as (

    select invoices.source_customer_id as source_id
    from {{ ref('stg_billing__invoices') }} as invoices
    where invoices.source_customer_id is not null
    union
    select credit_notes.source_customer_id as source_id
    from {{ ref('stg_billing__credit_notes') }} as credit_notes
    where credit_notes.source_customer_id is not null

)

select
    'crm' as source_system,
    crm_identifiers.source_id,
    {{ customer_key('crm_identifiers.source_id') }} as customer_id,
    'own_id' as link_method
from crm_identifiers
union all
select
    'billing' as source_system,
    billing_identifiers.source_id,
    {{ customer_key('billing_identifiers.source_id') }} as customer_id,
    case when crm_identifiers.source_id is null then 'own_id' else 'exact_id' end as link_method
from billing_identifiers
left join crm_identifiers on billing_identifiers.source_id = crm_identifiers.source_id
