-- Five tickets in a hundred are reviewed.
select
    'QA-' || ticket_id as review_id,
    ticket_id,
    agent_id,
    'E500' || (1 + agent_no % 3) as reviewer_id,
    round(clamp(78 + 9 * quality + 6 * normal(ki, 'qa'), 0, 100), 2)::decimal(9, 2) as quality_score,
    in_working_hours(solved_at::date + 3 + floor(15 * draw(ki, 'qa day'))::integer, draw(ki, 'qa at'))
        as reviewed_at,
    reviewed_at as _arrives,
from ticket
where channel <> 'bot' and draw(ki, 'is reviewed') < 0.05
