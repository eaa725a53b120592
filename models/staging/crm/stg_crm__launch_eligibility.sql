with source as (

    {{ known_rows(source('crm', 'launch_eligibility')) }}

)

select
    trim(source.launch_id) as launch_id,
    trim(source.customer_id) as crm_customer_id,
    source.eligible_from
from source
