select
    channel,
    month_on as spend_month,
    spend_kind,
    round(
        share * 9.0 * getvariable('customers')
        * (0.8 + 0.4 * draw(part(hash(xor(getvariable('seed_key'), hash(channel || spend_kind))), m), 'spend')),
        2
    )::decimal(18, 4) as amount,
    'GBP' as currency,
from month
cross join (
    values ('search', 'media', 0.06), ('social', 'media', 0.04), ('partner', 'agency', 0.03),
        ('events', 'events', 0.03), ('outbound', 'tools', 0.01), ('referral', 'content', 0.01),
        ('search', 'content', 0.01), ('social', 'agency', 0.01)
) as given (channel, spend_kind, share)
where m < getvariable('months') - 1 or getvariable('months') = 1
