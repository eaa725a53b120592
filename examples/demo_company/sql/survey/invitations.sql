select
    invitation_id,
    programme_id,
    wave,
    respondent_id,
    channel,
    is_delivered,
    ticket_id,
    sent_at,
    sent_at as _arrives,
from invitation
