with source as (

    {{ known_rows(source('survey', 'invitations')) }}

)

select
    trim(source.invitation_id) as invitation_id,
    trim(source.programme_id) as programme_id,
    trim(source.wave) as wave,
    trim(source.respondent_id) as respondent_id,
    trim(source.channel) as channel,
    source.is_delivered,
    trim(source.ticket_id) as ticket_id,
    source.sent_at,
    source._load_id as load_id
from source
