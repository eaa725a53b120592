select 'CAL-OFFICE' as calendar_id, make_date(y::bigint, m, d) as holiday_date,
from range(year(month_start(-60)), year(getvariable('last_day')) + 2) as years (y)
cross join (values (1, 1), (5, 1), (12, 25), (12, 26)) as days (m, d)
