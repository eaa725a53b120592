with source as (

    {{ known_versions(source('crm', 'leads'), ['lead_id'], 'updated_at') }}

)

select
    trim(source.lead_id) as lead_id,
    source.created_at,
    trim(source.channel) as channel,
    trim(source.campaign_id) as campaign_id,
    trim(source.owner_id) as owner_id,
    trim(source.status) as status,
    source.first_response_at,
    source.converted_at,
    trim(source.customer_id) as crm_customer_id,
    lower(trim(source.email)) as email,
    source.email <> lower(trim(source.email)) as is_email_tidied,
    trim(source.company_name) as company_name,
    source.has_marketing_consent,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
