-- What became of the calls to unhappy customers.
select
    'ACT-' || yymm || padded(crm_no, 7) as outcome_id,
    crm_id as customer_id,
    pick(km, 'action', ['retention call', 'service review', 'offer', 'executive call']) as action,
    null as card_id,
    case when draw(km, 'outcome') < 0.25 then 'no_answer'
        when draw(km, 'outcome') < 0.40 - 0.1 * p0 then 'refused'
        else pick(km, 'outcome kind', ['accepted', 'accepted', 'solved', 'unsolved']) end as outcome,
    in_working_hours(day_between(from_on, to_on, draw(km, 'action day')), draw(km, 'action at'))
        as happened_at,
    happened_at as _arrives,
from live
where is_active and s0 < -0.5 and draw(km, 'is called') < 0.10
