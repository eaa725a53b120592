with states as (
    select ticket.*, 'received' as state, created_at as moment from ticket
    union all
    select ticket.*, 'classified', replied_at from ticket
    union all
    select
        ticket.*,
        'assessed',
        plus_minutes(replied_at, 0.5 * greatest(2, date_diff('minute', replied_at, first_solved_at))),
    from ticket
    union all
    select ticket.*, 'solved', solved_at from ticket
    union all
    select ticket.*, 'won_back', solved_at + to_days((15 + floor(60 * draw(ki, 'won'))::integer))
    from ticket
    where draw(ki, 'is won back') < logistic(0.2 + 0.8 * quality)
    union all
    select ticket.*, 'improved', solved_at + to_days((20 + floor(70 * draw(ki, 'improves'))::integer))
    from ticket
    where draw(ki, 'is improved') < 0.25
)

select
    complaint_id,
    ticket_id,
    state,
    case when state <> 'received' then severity end as severity,
    case when state not in ('received', 'classified') then draw(ki, 'is upheld') < 0.45 end
        as is_upheld,
    moment as occurred_at,
    moment as _arrives,
from states
where is_complaint
