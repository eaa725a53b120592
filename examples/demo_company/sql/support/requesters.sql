-- Whoever asks for the first time, as the service desk writes it down then. All contacts of an
-- organisation are taken over with its first ticket.
with newly as (
    select t, min(created_at) as first_at
    from ticket
    where t not in (select t from asked_before)
    group by t
)

select
    customer.requester_id,
    case when link = 0 and trap_kind <> 'reused_crm_id' then crm_id end as crm_customer_id,
    case when link = 4 then 'guest' || (phone_no % 1000) else written_name(k, 'support', name) end
        as requester_name,
    case when link = 2 then other_email(k, 'support', own_domain)
        when link in (0, 1) then written_email(k, 'support', email)
        else other_email(k, 'support', own_domain)
    end as email,
    case when link < 3 and (link = 2 or draw(k, 'support phone') < 0.6)
        then written_phone(k, 'support', dial_code, phone) end as phone,
    date_trunc('second', first_at) as updated_at,
    first_at as _arrives,
from (select *, link_kind(k, 'support', 0.55, true) as link from customer) as customer
inner join newly using (t)
where contact_count = 0
union all
select
    contact.requester_id,
    case when link = 0 then customer.crm_id end,
    written_name(kj, 'support', full_name),
    case when link in (0, 1) then written_email(kj, 'support', contact.email)
        else other_email(kj, 'support', customer.own_domain) end,
    case when link < 3 then written_phone(kj, 'support', contact.dial_code, contact.phone) end,
    first_at,
    first_at,
from (select *, link_kind(kj, 'support', 0.55, true) as link from contact) as contact
inner join customer using (t)
inner join newly using (t)
