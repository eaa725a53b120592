with source as (

    {{ known_rows(source('support', 'ticket_events')) }}

)

select
    trim(source.event_id) as event_id,
    trim(source.ticket_id) as ticket_id,
    trim(source.from_status) as from_status,
    trim(source.to_status) as to_status,
    trim(source.agent_id) as agent_id,
    source.occurred_at
from source
