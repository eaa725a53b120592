select
    'COST-' || strftime(month_on, '%y%m') || '-' || n as entry_id,
    department,
    cost_kind,
    channel,
    tier,
    round(
        share * getvariable('customers')
        * (0.9 + 0.2 * draw(part(hash(xor(getvariable('seed_key'), hash('cost'))), m * 100 + n), 'cost')),
        2
    )::decimal(18, 4) as amount,
    'GBP' as currency,
    month_on as cost_month,
from month
cross join (
    values
        (1, 'sales', 'sales_pay', 'outbound', null, 1.30),
        (2, 'sales', 'sales_pay', 'partner', null, 0.60),
        (3, 'sales', 'sales_pay', null, 'A', 0.80),
        (4, 'sales', 'onboarding', null, null, 0.35),
        (5, 'marketing', 'marketing_pay', 'search', null, 0.35),
        (6, 'marketing', 'marketing_pay', 'social', null, 0.30),
        (7, 'marketing', 'tools', null, null, 0.15),
        (8, 'service', 'service_pay', null, 'A', 0.80),
        (9, 'service', 'service_pay', null, 'B', 0.70),
        (10, 'service', 'service_pay', null, 'C', 0.50),
        (11, 'service', 'service_pay', null, 'D', 0.10),
        (12, 'service', 'tools', null, null, 0.20),
        (13, 'service', 'retention_programme', null, 'A', 0.25),
        (14, 'service', 'retention_programme', null, 'B', 0.12),
        (15, 'product', 'other', null, null, 1.10),
        (16, 'service', 'material', null, null, 0.05)
) as given (n, department, cost_kind, channel, tier, share)
