with changes as (
    select ticket.*, 1 as n, null as from_status, 'new' as to_status, created_at as moment from ticket
    union all
    select ticket.*, 2, 'new', 'open', replied_at from ticket where not is_at_once
    union all
    select ticket.*, 3, case when is_at_once then 'new' else 'open' end, 'solved', first_solved_at
    from ticket
    union all
    select ticket.*, 4, 'solved', 'open', reopened_at from ticket where is_reopened
    union all
    select ticket.*, 5, 'open', 'solved', solved_at from ticket where is_reopened
    union all
    select ticket.*, 6, 'solved', 'closed', solved_at + interval 3 day from ticket
)

select
    ticket_id || '-E' || n as event_id,
    ticket_id,
    from_status,
    to_status,
    case when n in (2, 3, 5) then agent_id end as agent_id,
    moment as occurred_at,
    moment + to_days(late_days) as _arrives,
from changes
