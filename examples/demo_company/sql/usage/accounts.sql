-- An account for everybody who has a subscription, from the day on which the product began to count.
with newly as (
    select t, min_by(quantity, m) as quantity, min(opened_on) as opened_on
    from (select *, greatest(from_on, getvariable('usage_from')) as opened_on from live) as live
    where is_contract and to_on >= getvariable('usage_from')
        and t not in (select t from counted_before)
    group by t
)

select
    account_id,
    case when link = 0 and trap_kind <> 'reused_crm_id' then crm_id end as crm_customer_id,
    case when link = 4 then 'user ' || (phone_no % 10000) else written_name(k, 'usage', name) end
        as account_name,
    case when link in (0, 1) then written_email(k, 'usage', who_email)
        else other_email(k, 'usage', own_domain) end as email,
    quantity as licensed_users,
    opened_on::timestamp + interval 8 hour as updated_at,
    updated_at as _arrives,
from (
    select
        customer.*,
        newly.quantity,
        newly.opened_on,
        coalesce(contact.email, customer.email) as who_email,
        link_kind(customer.k, 'usage', 0.70, false) as link,
    from newly
    inner join customer using (t)
    left join contact on contact.t = newly.t and contact.contact_no = 1
)
union all
-- New licences where the number of seats changes.
select
    account_id,
    case when link = 0 and trap_kind <> 'reused_crm_id' then crm_id end,
    case when link = 4 then 'user ' || (phone_no % 10000) else written_name(k, 'usage', name) end,
    case when link in (0, 1) then written_email(k, 'usage', who_email)
        else other_email(k, 'usage', own_domain) end,
    quantity,
    change_on::timestamp + interval 9 hour as updated_at,
    updated_at as _arrives,
from (
    select
        live.*,
        coalesce(contact.email, live.email) as who_email,
        link_kind(live.k, 'usage', 0.70, false) as link,
    from live
    left join contact on contact.t = live.t and contact.contact_no = 1
    where change_kind = 'quantity' and change_on > getvariable('usage_from')
)
