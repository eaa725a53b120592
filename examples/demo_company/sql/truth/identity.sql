-- Every number of a customer in a source system, and whose it truly is.
select 'crm' as system, crm_id as source_id, true_id(t) as true_customer_id
from customer
where joined_on <= getvariable('last_day') and trap_kind <> 'reused_crm_id'
union all
select 'crm', duplicate_crm_id, true_id(t)
from customer
where duplicate_on <= getvariable('last_day')
union all
select 'billing', billing_id, true_id(t) from customer where joined_on <= getvariable('last_day')
union all
select 'support', coalesce(contact.requester_id, customer.requester_id), true_id(t)
from asked_before
inner join customer using (t)
left join contact using (t)
where since < getvariable('last_day') + 1
union all
select 'survey', respondent_id, true_id(t)
from invited_before
inner join customer using (t)
where since < getvariable('last_day') + 1
union all
select 'usage', account_id, true_id(t) from counted_before inner join customer using (t)
order by system, source_id
