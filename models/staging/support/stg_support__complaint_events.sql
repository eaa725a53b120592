with source as (

    {{ known_rows(source('support', 'complaint_events')) }}

)

select
    trim(source.complaint_id) as complaint_id,
    trim(source.ticket_id) as ticket_id,
    trim(source.state) as state,
    source.severity,
    source.is_upheld,
    source.occurred_at
from source
