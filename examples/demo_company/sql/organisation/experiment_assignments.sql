select
    'EXP-1' as experiment_id,
    crm_id as customer_id,
    arm,
    month_on::timestamp + interval 6 hour as assigned_at,
    assigned_at as _arrives,
from live
where m = getvariable('experiment_from') and arm is not null
union all
-- Whoever would be written to: half of them are.
select
    'EXP-2',
    crm_id,
    case when draw(k, 'campaign arm') < 0.5 then 'control' else 'treatment' end,
    month_on::timestamp + interval 6 hour as assigned_at,
    assigned_at,
from live
where m = getvariable('campaign_month') and not is_first and trap_kind <> 'reused_crm_id'
    and consent0 and (consent_off_on is null or consent_off_on > month_on) and draw(km, 'touch') < 0.5
