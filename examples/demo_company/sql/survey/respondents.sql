-- Whoever is invited for the first time. For an organisation its first contact answers.
with newly as (
    select t, min(sent_at) as first_at
    from invitation
    where t not in (select t from invited_before)
    group by t
)

select
    respondent_id,
    case when link = 0 and trap_kind <> 'reused_crm_id' then crm_id end as crm_customer_id,
    case when link = 4 or draw(who_k, 'survey name') < 0.05 then null
        else written_name(who_k, 'survey', who_name) end as respondent_name,
    case when link in (0, 1) then written_email(who_k, 'survey', who_email)
        else other_email(who_k, 'survey', own_domain) end as email,
    case when link < 3 and (link = 2 or draw(who_k, 'survey phone') < 0.4)
        then written_phone(who_k, 'survey', dial_code, who_phone) end as phone,
    first_at as updated_at,
    first_at as _arrives,
from (
    select
        customer.*,
        coalesce(contact.full_name, name) as who_name,
        coalesce(contact.email, customer.email) as who_email,
        coalesce(contact.phone, customer.phone) as who_phone,
        coalesce(contact.kj, k) as who_k,
        link_kind(coalesce(contact.kj, k), 'survey', 0.50, true) as link,
    from customer
    left join contact on contact.t = customer.t and contact.contact_no = 1
) as customer
inner join newly using (t)
