-- What is latent, at the end of each month; the chance of leaving is that of the month itself, and
-- follows from the state at the end of the month before.
select
    true_id(t) as true_customer_id,
    month_end,
    is_active,
    s as satisfaction,
    e as engagement,
    p as price_pressure,
    hazard_voluntary as p_churn_voluntary,
    hazard_involuntary as p_churn_involuntary,
    stage,
    tickets + crisis_tickets as tickets,
    service as service_quality,
from live
order by true_customer_id, month_end
