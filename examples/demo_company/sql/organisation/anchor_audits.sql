-- A sample of what happened at the experience anchors, looked at again by hand.
select
    'AUD-' || ticket_id as audit_id,
    case when is_complaint then 'major_complaint' when topic = 'invoice' then 'invoice_query'
        else 'first_installation' end as anchor_id,
    ticket_id as occurrence_reference,
    'E500' || (1 + agent_no % 3) as auditor_id,
    (reply_minutes <= 2 * reply_target(tier, priority)) <> (draw(ki, 'audit error') < 0.06) as is_met,
    solved_at::date + 20 as audited_on,
    (solved_at::date + 20)::timestamp as _arrives,
from ticket
where (is_complaint or topic in ('invoice', 'how_to')) and draw(ki, 'is audited') < 0.08
