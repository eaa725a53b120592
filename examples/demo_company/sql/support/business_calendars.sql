select
    calendar_id,
    weekday::integer as weekday,
    case calendar_id when 'CAL-ALWAYS' then 0 when 'CAL-OFFICE' then 480 end as opens_minute,
    case calendar_id when 'CAL-ALWAYS' then 1440 when 'CAL-OFFICE' then 1080 end as closes_minute,
    month_start(-60) as valid_from,
from (values ('CAL-ALWAYS'), ('CAL-OFFICE'), ('CAL-PILOT')) as calendars (calendar_id)
cross join range(1, 8) as weekdays (weekday)
where calendar_id <> 'CAL-OFFICE' or weekday < 6
