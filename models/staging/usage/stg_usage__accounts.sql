with source as (

    {{ known_versions(source('usage', 'accounts'), ['account_id'], 'updated_at') }}

)

select
    trim(source.account_id) as account_id,
    trim(source.crm_customer_id) as crm_customer_id,
    trim(source.account_name) as account_name,
    lower(trim(source.email)) as email,
    source.email <> lower(trim(source.email)) as is_email_tidied,
    source.licensed_users,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
