with source as (

    {{ known_versions(source('crm', 'customers'), ['customer_id'], 'updated_at') }}

)

select
    trim(source.customer_id) as crm_customer_id,
    trim(source.customer_kind) as customer_kind,
    trim(source.customer_name) as customer_name,
    trim(source.parent_customer_id) as parent_crm_customer_id,
    trim(source.owner_id) as owner_id,
    trim(source.acquisition_channel) as acquisition_channel,
    source.has_marketing_consent,
    trim(source.industry) as industry,
    trim(source.region) as region,
    trim(source.country) as country,
    trim(source.relationship_type) as relationship_type,
    source.credit_limit,
    lower(trim(source.email)) as email,
    source.email <> lower(trim(source.email)) as is_email_tidied,
    trim(source.phone) as phone,
    trim(source.street) as street,
    trim(source.city) as city,
    trim(source.postcode) as postcode,
    source.first_seen_at,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
