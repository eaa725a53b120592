-- Everybody from the beginning; a few leave in the course of the history.
with people as (
    select
        'E' || (base + n) as employee_id,
        case
            when base = 1000 and n <= getvariable('agents_zh') then 'TEAM-ZH'
            when base = 1000 and n <= getvariable('agents_zh') + getvariable('agents_key') then 'TEAM-KEY'
            when base = 1000 then 'TEAM-DESK'
            else team
        end as team_id,
        staff_role,
        hourly_cost,
        part(hash(xor(getvariable('seed_key'), hash('staff'))), base + n) as ks,
    from (
        values
            (1000, getvariable('agents'), 'TEAM-DESK', 'agent', 24.00),
            (2000, getvariable('account_managers'), 'TEAM-AM', 'account manager', 38.00),
            (3000, getvariable('sellers'), 'TEAM-SALES', 'seller', 36.00),
            (4000, 4, 'TEAM-MKT', 'marketer', 31.00),
            (5000, 3, 'TEAM-QA', 'quality reviewer', 29.00),
            (6000, 3, 'TEAM-PRODUCT', 'product manager', 42.00)
    ) as given (base, number_of_people, team, staff_role, hourly_cost),
    range(1, number_of_people + 1) as numbers (n)
)

select
    employee_id,
    team_id,
    staff_role,
    pick(ks, 'first', first_names()) || ' ' || pick(ks, 'last', last_names()) as full_name,
    round(hourly_cost * (0.9 + 0.25 * draw(ks, 'cost')), 2)::decimal(18, 4) as hourly_cost,
    null::date as left_on,
    month_start(-60)::timestamp + interval 9 hour as updated_at,
from people
union all
select
    employee_id,
    team_id,
    staff_role,
    pick(ks, 'first', first_names()) || ' ' || pick(ks, 'last', last_names()),
    round(hourly_cost * (0.9 + 0.25 * draw(ks, 'cost')), 2)::decimal(18, 4),
    (getvariable('first_day') + floor(draw(ks, 'leaves on') * 28 * getvariable('months'))::integer)
        as left_on,
    (left_on - 30)::timestamp + interval 9 hour,
from people
where staff_role in ('account manager', 'seller') and draw(ks, 'leaves') < 0.12
