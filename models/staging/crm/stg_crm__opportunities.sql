with source as (

    {{ known_versions(source('crm', 'opportunities'), ['opportunity_id'], 'updated_at') }}

)

select
    trim(source.opportunity_id) as opportunity_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.lead_id) as lead_id,
    trim(source.opportunity_kind) as opportunity_kind,
    source.created_at,
    trim(source.stage) as stage,
    source.amount,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    source.probability,
    source.expected_close_date,
    source.closed_at,
    trim(source.owner_id) as owner_id,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
