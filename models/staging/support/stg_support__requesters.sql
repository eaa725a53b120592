with source as (

    {{ known_versions(source('support', 'requesters'), ['requester_id'], 'updated_at') }}

)

select
    trim(source.requester_id) as requester_id,
    trim(source.crm_customer_id) as crm_customer_id,
    trim(source.requester_name) as requester_name,
    lower(trim(source.email)) as email,
    source.email <> lower(trim(source.email)) as is_email_tidied,
    trim(source.phone) as phone,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
