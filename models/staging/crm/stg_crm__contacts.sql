with source as (

    {{ known_versions(source('crm', 'contacts'), ['contact_id'], 'updated_at') }}

)

select
    trim(source.contact_id) as contact_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.full_name) as full_name,
    lower(trim(source.email)) as email,
    source.email <> lower(trim(source.email)) as is_email_tidied,
    trim(source.phone) as phone,
    trim(source.contact_role) as contact_role,
    source.is_primary,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
