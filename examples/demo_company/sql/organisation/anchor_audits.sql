-- A sample of the invoice queries and major complaints, looked at again by hand. Six auditors' words
-- in a hundred are wrong; bank holidays are no holidays to them.
with occurrences as (
    select
        *,
        case when is_complaint then 'major_complaint' else 'invoice_query' end as anchor_id,
        case
            when is_complaint then
                desk_minutes(tier_applied, created_at, replied_at) <= 4 * 60
                and desk_minutes(tier_applied, created_at, solved_at) <= 5 * desk_day(tier_applied)
            else
                desk_minutes(tier_applied, created_at, first_solved_at) <= desk_day(tier_applied)
        end as is_kept,
    from ticket
    where (is_complaint and severity <= 2) or (topic = 'invoice' and not is_complaint)
)

select
    'AUD-' || ticket_id as audit_id,
    anchor_id,
    ticket_id as occurrence_reference,
    'E500' || (1 + agent_no % 3) as auditor_id,
    is_kept <> (draw(ki, 'audit error') < 0.06) as is_met,
    solved_at::date + 20 as audited_on,
    (solved_at::date + 20)::timestamp as _arrives,
from occurrences
where draw(ki, 'is audited') < 0.4
