with source as (

    {{ known_rows(source('crm', 'relationship_events')) }}

)

select
    trim(source.event_id) as event_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.event_kind) as event_kind,
    trim(source.referred_customer_id) as referred_crm_customer_id,
    source.is_won,
    source.reward_amount,
    source.occurred_at
from source
