-- One account of billing per customer, from the first day; the new version of a renamed one.
with accounts as (
    select
        customer.*,
        link_kind(k, 'billing', 0.85, true) as link,
        case when link = 2 then other_email(k, 'billing', own_domain)
            when link in (0, 1) then written_email(k, 'billing', email)
        end as email0,
        case when link < 3 and (link = 2 or draw(k, 'billing phone') < 0.8)
            then written_phone(k, 'billing', dial_code, phone) end as phone0,
        case when link = 4 then 'Account ' || billing_id else written_name(k, 'billing', name) end
            as name0,
    from customer
)

select
    billing_id as customer_id,
    case when link = 0 and trap_kind <> 'reused_crm_id' then crm_id end as crm_customer_id,
    name0 as account_name,
    email0 as email,
    phone0 as phone,
    case when link < 4 then street end as street,
    case when link < 4 then city end as city,
    case when link < 4 then postcode end as postcode,
    joined_on::timestamp + interval 10 minute as updated_at,
    updated_at as _arrives,
from accounts, period
where joined_on < end_on and (joined_on >= first_on or first_month = 0)
union all
-- Half of the renamed tell billing.
select
    billing_id,
    case when link = 0 and trap_kind <> 'reused_crm_id' then crm_id end,
    new_name,
    case when link in (0, 1) then new_email else email0 end,
    phone0,
    street,
    city,
    postcode,
    (rename_on + 20)::timestamp + interval 10 hour,
    (rename_on + 20)::timestamp + interval 10 hour,
from accounts, period
where rename_on + 20 < end_on and (rename_on + 20 >= first_on or first_month = 0)
    and link < 4 and draw(k, 'tells billing') < 0.5
