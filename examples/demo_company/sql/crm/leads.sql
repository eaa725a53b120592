-- Seven in ten customers came as a lead; as many again did not become customers.
with leads as (
    select
        part(live.k, 600) as kl,
        't' || t as origin,
        live.yymm,
        acquisition_channel as channel,
        'L' || padded(crm_no, 7) as lead_id,
        greatest(getvariable('first_day'), joined_on - 3 - floor(40 * draw(live.k, 'lead days'))::integer)
            as created_on,
        joined_on as decided_on,
        crm_id as customer_id,
        email,
        name as company_name,
    from live
    where is_first and draw(live.k, 'was lead') < 0.7
    union all
    select
        part(month_key, n),
        'n' || n,
        yymm,
        pick(part(month_key, n), 'channel', ['search', 'partner', 'social', 'events', 'outbound']),
        'N' || yymm || padded(n, 6),
        month_on + floor(days * draw(part(month_key, n), 'day'))::integer as created_on,
        created_on + 4 + floor(50 * draw(part(month_key, n), 'decides'))::integer,
        null,
        'prospect' || (hash(part(month_key, n)) % 100000000)::varchar || '@mail.example',
        pick(part(month_key, n), 'name', organisation_words()) || ' '
            || pick(part(month_key, n), 'name 2', ['Trading', 'Works', 'Partners']),
    from (
        select
            month_on, days, yymm, part(getvariable('seed_key'), 700 + m) as month_key, count(*) as joined,
        from live
        where is_first
        group by all
    ) as months, range(1, joined + 1) as numbers (n)
),

timed as (
    select
        *,
        in_working_hours(created_on, draw(kl, 'at')) as created_at,
        plus_minutes(created_at, 15 - 900 * ln(draw(kl, 'answer'))) as first_response_at,
    from leads
)

select
    lead_id,
    created_at,
    channel,
    case when draw(kl, 'campaign') < 0.25 then 'CMP-' || strftime(created_at, '%y%m') end as campaign_id,
    'E' || (3001 + hash(xor(kl, hash('seller'))) % getvariable('sellers')) as owner_id,
    'new' as status,
    null::timestamp as first_response_at,
    null::timestamp as converted_at,
    null as customer_id,
    email,
    company_name,
    created_at as updated_at,
    created_at as _arrives,
from timed
union all
select
    lead_id,
    created_at,
    channel,
    case when draw(kl, 'campaign') < 0.25 then 'CMP-' || strftime(created_at, '%y%m') end,
    'E' || (3001 + hash(xor(kl, hash('seller'))) % getvariable('sellers')),
    case when customer_id is null then 'lost' else 'converted' end,
    least(first_response_at, decided_at),
    case when customer_id is not null then decided_at end,
    customer_id,
    email,
    company_name,
    decided_at,
    decided_at,
from (
    select *, greatest(decided_on::timestamp + interval 8 hour, created_at + interval 30 minute)
        as decided_at
    from timed
)
