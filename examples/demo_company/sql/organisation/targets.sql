select
    metric_id,
    'tier' as scope,
    tier as scope_value,
    month_on as target_month,
    (case metric_id
        when 'mttr_hours' then case tier when 'A' then 12 when 'B' then 24 when 'C' then 48 else 72 end
        when 'first_contact_resolution' then case tier when 'A' then 0.60 when 'B' then 0.55 else 0.5 end
        when 'customer_retention_rate' then case tier when 'A' then 0.94 when 'B' then 0.90 else 0.85 end
        when 'acquisition_cost' then case tier when 'A' then 900 when 'B' then 250 when 'C' then 60 else 30
            end
    end)::decimal(18, 6) as target_value,
    (make_date(year(month_on), 1, 1) - 20)::date as set_on,
from month
cross join (
    values ('mttr_hours'), ('first_contact_resolution'), ('customer_retention_rate'), ('acquisition_cost')
) as metrics (metric_id)
cross join (values ('A'), ('B'), ('C'), ('D')) as tiers (tier)
union all
-- What is to be won is set before the year begins, so that the coming months have targets, too.
select
    'won_amount',
    'portfolio',
    'all',
    target_month,
    (9 * getvariable('customers'))::decimal(18, 6),
    set_on,
from (
    select month_on as target_month, (make_date(year(month_on), 1, 1) - 20)::date as set_on from month
    union all
    select coming, (make_date(year(coming), 1, 1) - 20)::date
    from (
        select (date_trunc('month', getvariable('last_day')) + to_months(ahead::integer))::date as coming
        from range(1, 13) as months (ahead)
    )
)
where set_on <= getvariable('last_day')
