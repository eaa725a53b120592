-- Who had a large enough plan, or had bought before, when it was launched.
select
    launch_id,
    crm_id as customer_id,
    month_on::timestamp + interval 9 hour as eligible_from,
    eligible_from as _arrives,
from live
inner join launch using (m)
where is_active and not is_first and case
    when launch.kind = 'goods' then not is_contract
    when launch.kind = 'feature' then is_contract
    else is_contract and plan not in (1, 11)
end
