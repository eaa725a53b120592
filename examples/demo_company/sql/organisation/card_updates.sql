-- How the owners of action cards keep them up to date: of nine in ten, four in five by the day.
select
    'CARD-' || yymm || padded(crm_no, 7) as card_id,
    day_between(from_on, to_on, draw(km, 'card due')) as due_on,
    'E' || (2001 + hash(xor(k, hash('owner'))) % getvariable('account_managers')) as employee_id,
    case when draw(km, 'card is updated') < 0.9
        then in_working_hours(
            due_on - 6 + floor(8 * draw(km, 'card update'))::integer, draw(km, 'card update at')
        )
    end as updated_at,
    due_on + interval 1 day as _arrives,
from live
where is_active and s0 < -0.3 and draw(km, 'has a card') < 0.15
