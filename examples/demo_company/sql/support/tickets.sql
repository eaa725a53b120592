-- A version when it is opened, when it is solved, when it comes back and when it is solved again.
with versions as (
    select ticket.*, 'new' as status, created_at as moment, null::timestamp as solved from ticket
    union all
    select ticket.*, 'solved', first_solved_at, first_solved_at from ticket
    union all
    select ticket.*, 'open', reopened_at, first_solved_at from ticket where is_reopened
    union all
    select ticket.*, 'solved', solved_at, solved_at from ticket where is_reopened
)

select
    ticket_id,
    asked_by as requester_id,
    ticket_kind,
    topic,
    channel,
    priority,
    severity,
    status,
    topic in ('how_to', 'login', 'invoice', 'delivery', 'returns') as is_level_one_resolvable,
    'SLA-' || tier_applied as sla_policy_id,
    team_id,
    agent_id,
    about.texts[1 + floor(len(about.texts) * draw(ki, 'subject'))::integer] as subject,
    created_at,
    solved as solved_at,
    moment as updated_at,
    moment + to_days(late_days) as _arrives,
from versions
inner join about using (language, topic)
