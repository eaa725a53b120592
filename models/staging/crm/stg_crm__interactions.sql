with source as (

    {{ known_rows(source('crm', 'interactions')) }}

)

select
    trim(source.interaction_id) as interaction_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.contact_id) as contact_id,
    trim(source.employee_id) as employee_id,
    trim(source.channel) as channel,
    trim(source.direction) as direction,
    trim(source.interaction_kind) as interaction_kind,
    trim(source.touchpoint) as touchpoint,
    source.is_two_way,
    source.duration_minutes,
    source.occurred_at
from source
