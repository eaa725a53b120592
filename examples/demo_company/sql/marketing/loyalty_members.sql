-- Who joined the loyalty programme, and again when somebody left it.
select
    member_id,
    customer_id,
    enrolled_on,
    null::date as left_on,
    in_working_hours(enrolled_on, draw(k, 'loyalty card at')) as updated_at,
from loyalty_member
union all
select
    member_id,
    customer_id,
    enrolled_on,
    left_on,
    in_working_hours(left_on, draw(k, 'loyalty card at')),
from loyalty_member
where left_on is not null
