-- One campaign a month; the one of the planted case does nothing, and an experiment says so.
select
    'CMP-' || strftime(month_on, '%y%m') as campaign_id,
    case when m = getvariable('campaign_month') then 'Winter postcards'
        else (['New year', 'Spring', 'Summer', 'Autumn'])[1 + (quarter(month_on) - 1)] || ' '
            || strftime(month_on, '%m/%Y')
    end as campaign_name,
    case when m = getvariable('campaign_month') then 'mail' else
        (['email', 'email', 'social', 'sms'])[1 + m % 4] end as channel,
    case when m = getvariable('campaign_month') then 'retention'
        else (['expansion', 'retention', 'education', 'brand'])[1 + (m // 2) % 4] end as objective,
    month_on as starts_on,
    month_end as ends_on,
    case when m = getvariable('campaign_month') then 'EXP-2' end as experiment_id,
    month_on::timestamp - interval 20 day as updated_at,
from month
