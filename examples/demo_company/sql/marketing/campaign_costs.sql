-- What each campaign cost: texts at its start, sending at its end, the agency's invoice two weeks later.
select
    'CC-' || strftime(month_on, '%y%m') || '-' || n as entry_id,
    'CMP-' || strftime(month_on, '%y%m') as campaign_id,
    booked_on,
    cost_kind,
    round(
        share * getvariable('customers')
        * (0.9 + 0.2 * draw(part(hash(xor(getvariable('seed_key'), hash('campaign cost'))), m * 10 + n), 'cost')),
        2
    )::decimal(18, 4) as amount,
    currency,
from (
    select
        month.*,
        case when m = getvariable('campaign_month') then 'mail' else
            (['email', 'email', 'social', 'sms'])[1 + m % 4] end as channel,
    from month
) as campaign
cross join lateral (
    values
        (1, 'content', month_on, 0.60, 'GBP'),
        (
            2,
            (map {'mail': 'postage', 'email': 'tools', 'social': 'media', 'sms': 'tools'})[channel],
            month_end,
            (map {'mail': 0.55, 'email': 0.05, 'social': 0.45, 'sms': 0.15})[channel],
            'GBP'
        ),
        (3, 'agency', (month_end + 15)::date, 0.80, 'EUR')
) as given (n, cost_kind, booked_on, share, currency)
-- The newest month was not delivered yet.
where booked_on < month_start(getvariable('months') - 1)
