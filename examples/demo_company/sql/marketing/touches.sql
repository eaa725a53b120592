select
    'M' || yymm || padded(crm_no, 7) as touch_id,
    'CMP-' || yymm as campaign_id,
    case when duplicate_on <= month_on and draw(km, 'record') < 0.4 then duplicate_crm_id else crm_id
    end as customer_id,
    null as lead_id,
    case when m = getvariable('campaign_month') then 'mail' else
        (['email', 'email', 'social', 'sms'])[1 + m % 4] end as channel,
    draw(km, 'touch arrives') < 0.96 as is_delivered,
    in_working_hours(month_on + 2 + floor(8 * draw(km, 'touch day'))::integer, draw(km, 'touch at'))
        as touched_at,
    -- The newest month was not delivered yet.
    touched_at + case when m = getvariable('months') - 1 then to_days(60) else to_days(0) end as _arrives,
from live
where is_touched
