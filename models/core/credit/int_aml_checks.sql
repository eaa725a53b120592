{#- Grain: one row per customer, check and version with a report on money laundering. For entitled
    persons, who read it here in the warehouse; no other model may (docs/auditor.md). What an
    outside check said, never computed. -#}
with links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm'

)

select
    links.customer_id,
    checks.check_id,
    checks.crm_customer_id,
    checks.agency,
    checks.aml_checked_on,
    checks.aml_flag,
    checks.valid_from,
    checks.valid_to
from {{ ref('stg_organisation__credit_checks') }} as checks
left join links on checks.crm_customer_id = links.crm_customer_id
where checks.aml_flag is not null
