with reactions as (
    select live.*, 'open' as response_kind, 60 as minutes
    from live
    where is_touched and draw(km, 'touch arrives') < 0.96 and draw(km, 'opens') < 0.42
    union all
    select live.*, 'click', 64
    from live
    where is_touched and draw(km, 'touch arrives') < 0.96 and draw(km, 'opens') < 0.42
        and draw(km, 'clicks') < 0.14 * exp(clamp(0.6 * e0, -1.5, 1))
    union all
    select live.*, 'conversion', 2000
    from live
    where is_touched and draw(km, 'touch arrives') < 0.96 and draw(km, 'opens') < 0.42
        and draw(km, 'clicks') < 0.02 * exp(clamp(0.6 * e0, -1.5, 1))
        and m <> getvariable('campaign_month')
    union all
    select live.*, 'unsubscribe', 90
    from live
    where is_touched and consent_off_on between month_on and month_end + 31
    union all
    select live.*, 'bounce', 1
    from live
    where is_touched and draw(km, 'touch arrives') >= 0.96
)

select
    'M' || yymm || padded(crm_no, 7) || '-' || response_kind[1:2] as response_id,
    'M' || yymm || padded(crm_no, 7) as touch_id,
    response_kind,
    plus_minutes(
        in_working_hours(month_on + 2 + floor(8 * draw(km, 'touch day'))::integer, draw(km, 'touch at')),
        minutes * (1 + 3 * draw(km, response_kind || ' after'))
    ) as responded_at,
    -- The newest month was not delivered yet.
    responded_at + case when m = getvariable('months') - 1 then to_days(60) else to_days(0) end as _arrives,
from reactions
