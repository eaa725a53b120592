-- What the satisfied and engaged do beyond buying. A customer who came by referral has a referrer.
with referrers as (
    select m, crm_id as referrer, row_number() over (partition by m order by hash(km), t) as n
    from live
    where not is_first and is_active and s0 + e0 > 0.8
),

referred as (
    select
        live.m,
        crm_id,
        joined_on,
        km,
        crm_no,
        yymm,
        1 + (row_number() over (partition by live.m order by t) - 1) % referrer_count as n,
    from live
    inner join (select m, count(*) as referrer_count from referrers group by m) using (m)
    where is_first and acquisition_channel = 'referral'
)

select
    'X' || yymm || padded(crm_no, 7) as event_id,
    referrer as customer_id,
    'referral' as event_kind,
    crm_id as referred_customer_id,
    true as is_won,
    20.00::decimal(18, 4) as reward_amount,
    greatest(getvariable('first_day'), joined_on - 3 - floor(20 * draw(km, 'referred'))::integer)::timestamp
        + interval 11 hour as occurred_at,
    joined_on::timestamp + interval 12 hour as _arrives,
from referred
inner join referrers using (m, n)
union all
select
    'Y' || yymm || padded(crm_no, 7),
    crm_id,
    case when is_organisation and tier = 'A' then pick(km, 'joint', [
            'joint_development', 'joint_plan', 'reference', 'reference', 'community'
        ])
        when is_organisation then pick(km, 'joint', ['joint_development', 'reference', 'community', 'referral'])
        else pick(km, 'joint', ['community', 'community', 'referral', 'reference'])
    end as event_kind,
    null,
    case when event_kind = 'referral' then false end,
    null,
    in_working_hours(day_between(from_on, to_on, draw(km, 'joint day')), draw(km, 'joint at'))
        as occurred_at,
    occurred_at,
from live
where co_creations > 0
