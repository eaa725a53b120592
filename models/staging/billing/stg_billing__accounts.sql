with source as (

    {{ known_versions(source('billing', 'accounts'), ['customer_id'], 'updated_at') }}

)

select
    trim(source.customer_id) as source_customer_id,
    trim(source.crm_customer_id) as crm_customer_id,
    trim(source.account_name) as account_name,
    lower(trim(source.email)) as email,
    source.email <> lower(trim(source.email)) as is_email_tidied,
    trim(source.phone) as phone,
    trim(source.street) as street,
    trim(source.city) as city,
    trim(source.postcode) as postcode,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
