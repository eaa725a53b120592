with source as (

    {{ known_versions(source('survey', 'respondents'), ['respondent_id'], 'updated_at') }}

)

select
    trim(source.respondent_id) as respondent_id,
    trim(source.crm_customer_id) as crm_customer_id,
    trim(source.respondent_name) as respondent_name,
    lower(trim(source.email)) as email,
    source.email <> lower(trim(source.email)) as is_email_tidied,
    trim(source.phone) as phone,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
