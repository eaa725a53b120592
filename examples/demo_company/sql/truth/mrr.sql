select true_id(t) as true_customer_id, month_end, mrr
from mrr
inner join month using (m)
order by true_customer_id, month_end
