-- A complaint goes through its states in order and stops at the solution, at winning the customer
-- back, or at an improvement of what went wrong.
with complaint as (
    select
        ticket.*,
        coalesce(slip, '') as slip,
        case when draw(ki, 'is won back') < logistic(0.2 + 0.8 * quality)
            then solved_at + to_days((15 + floor(60 * draw(ki, 'won'))::integer))
        end as won_back_at,
    from ticket
    left join complaint_slip using (ticket_id)
    where is_complaint
),

states as (
    select complaint.*, 'received' as state, created_at as moment from complaint
    union all
    select complaint.*, 'classified', replied_at from complaint
    union all
    select
        complaint.*,
        'assessed',
        case when slip = 'late' then solved_at + interval 1 day
            else plus_minutes(
                replied_at, 0.5 * greatest(2, date_diff('minute', replied_at, first_solved_at))
            )
        end,
    from complaint
    where slip <> 'forgotten'
    union all
    select complaint.*, 'solved', solved_at from complaint
    union all
    select complaint.*, 'won_back', won_back_at from complaint where won_back_at is not null
    union all
    select
        complaint.*,
        'improved',
        won_back_at + to_days((5 + floor(50 * draw(ki, 'improves'))::integer)),
    from complaint
    where won_back_at is not null and draw(ki, 'is improved') < 0.45
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
