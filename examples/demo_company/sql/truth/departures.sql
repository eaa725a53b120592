select
    true_id(t) as true_customer_id,
    left_on,
    end_reason,
    is_involuntary,
    arm,
from departure
order by true_customer_id, left_on
