-- What became of each ticket, also after the history's end. Solved at first contact: one reply, never
-- opened again, and the customer did not come back with the same topic within seven days.
with followed as (
    select
        *,
        lead(created_at) over (partition by t, topic order by created_at, ticket_id) as next_at,
    from true_ticket
)

select
    ticket_id,
    true_id(t) as true_customer_id,
    tier_applied,
    ticket_kind,
    topic,
    is_crisis,
    created_at,
    replied_at as first_reply_at,
    first_solved_at,
    reopened_at,
    solved_at as final_solved_at,
    is_at_once and not is_reopened as is_first_contact_candidate,
    is_at_once and not is_reopened and coalesce(next_at > created_at + interval 7 day, true)
        as is_first_contact,
    late_days,
from followed
order by ticket_id
