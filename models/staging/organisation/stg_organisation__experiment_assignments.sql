with source as (

    {{ known_rows(source('organisation', 'experiment_assignments')) }}

)

select
    trim(source.experiment_id) as experiment_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.arm) as arm,
    source.assigned_at
from source
