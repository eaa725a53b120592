-- New business of organisations, expansions that came and as many that did not, renewals. What is
-- declined is considered for up to eleven weeks, so that some is still open at any time.
with sought as (
    select
        live.*,
        'new' as opportunity_kind,
        part(km, 801) as ko,
        joined_on as decided_on,
        true as is_won,
        12 * unit_price * quantity as amount,
    from live
    where is_first and is_contract and is_organisation
    union all
    select live.*, 'expansion', part(km, 802), change_on, true, 12 * unit_price * quantity
    from live
    where change_kind = 'upgrade'
    union all
    select
        live.*, 'expansion', part(km, 803), to_on + floor(75 * draw(km, 'considers'))::integer, false,
        6 * unit_price * quantity
    from live
    where is_contract and is_active and is_organisation and draw(km, 'is offered') < 0.02
    union all
    select live.*, 'renewal', part(km, 804), month_on + (billing_day - 1), is_active,
        12 * unit_price * quantity
    from live
    where is_contract and is_organisation and term_months = 12
        and (is_renewal or (ended_month = m and (m - sub_month) % 12 = 0))
),

timed as (
    select
        *,
        'O' || yymm || padded(crm_no, 7) || '-' || opportunity_kind[1:3] || is_won::integer as opportunity_id,
        greatest(
            getvariable('first_day'), decided_on - 10 - floor(60 * draw(ko, 'cycle'))::integer
        )::timestamp + interval 10 hour as created_at,
        greatest(decided_on::timestamp + interval 15 hour, created_at + interval 1 hour) as closed_at,
        'E' || (3001 + hash(xor(k, hash('seller'))) % getvariable('sellers')) as seller,
    from sought
)

select
    opportunity_id,
    crm_id as customer_id,
    case when opportunity_kind = 'new' and draw(k, 'was lead') < 0.7 then 'L' || padded(crm_no, 7) end
        as lead_id,
    opportunity_kind,
    created_at,
    'proposal' as stage,
    amount::decimal(18, 4) as amount,
    currency,
    round(0.3 + 0.4 * draw(ko, 'guess'), 2)::decimal(9, 6) as probability,
    (decided_on + floor(30 * draw(ko, 'slips') - 15)::integer)::date as expected_close_date,
    null::timestamp as closed_at,
    seller as owner_id,
    created_at as updated_at,
    created_at as _arrives,
from timed
union all
select
    opportunity_id,
    crm_id,
    case when opportunity_kind = 'new' and draw(k, 'was lead') < 0.7 then 'L' || padded(crm_no, 7) end,
    opportunity_kind,
    created_at,
    case when is_won then 'won' else 'lost' end,
    amount::decimal(18, 4),
    currency,
    is_won::integer,
    (decided_on + floor(30 * draw(ko, 'slips') - 15)::integer)::date,
    closed_at,
    seller,
    closed_at,
    closed_at,
from timed
