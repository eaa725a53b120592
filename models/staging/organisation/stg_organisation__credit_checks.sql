with source as (

    {{ known_versions(source('organisation', 'credit_checks'), ['check_id'], 'updated_at') }}

)

select
    trim(source.check_id) as check_id,
    trim(source.customer_id) as crm_customer_id,
    lower(trim(source.agency)) as agency,
    source.agency as agency_as_sent,
    source.checked_on,
    upper(trim(source.grade)) as agency_grade,
    source.grade as grade_as_sent,
    source.aml_flag,
    source.aml_checked_on,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
