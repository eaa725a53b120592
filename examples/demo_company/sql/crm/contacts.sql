select
    contact_id,
    crm_id as customer_id,
    full_name,
    email,
    '+' || dial_code || ' ' || phone as phone,
    contact_role,
    is_primary,
    joined_on::timestamp + to_minutes(5 + contact_no) as updated_at,
    updated_at as _arrives,
from contact, period
where joined_on < end_on and (joined_on >= first_on or first_month = 0)
