-- One policy per tier. From the middle on, the lowest priority of tier D is counted on a calendar
-- that never got hours.
select
    'SLA-' || tier as policy_id,
    tier,
    priority,
    reply_target(tier, priority) as first_reply_minutes,
    solve_target(tier, priority) as resolution_minutes,
    case
        when tier = 'A' then 'CAL-ALWAYS'
        when version = 1 then 'CAL-PILOT'
        else 'CAL-OFFICE'
    end as calendar_id,
    case version when 0 then month_start(-60) else month_start(getvariable('months') // 2) end
        as valid_from,
from (values ('A'), ('B'), ('C'), ('D')) as tiers (tier)
cross join (values ('low'), ('normal'), ('high'), ('urgent')) as priorities (priority)
cross join range(2) as versions (version)
where version = 0 or (tier = 'D' and priority = 'low')
