-- Shifts are planned so that the ordinary tickets of a team take three quarters of its minutes; who
-- is hit by a crisis was not planned for. Nobody has more than eight hours on a day.
with teams (team_id, first_no, agent_count) as (
    values
        ('TEAM-ZH', 1, getvariable('agents_zh')),
        ('TEAM-KEY', 1 + getvariable('agents_zh'), getvariable('agents_key')),
        (
            'TEAM-DESK',
            1 + getvariable('agents_zh') + getvariable('agents_key'),
            getvariable('agents') - getvariable('agents_zh') - getvariable('agents_key')
        )
),

loads as (
    select team_id, m, count(*) filter (not is_crisis) * 37.0 / 0.75 as minutes
    from ticket
    group by team_id, m
),

plans as (
    select
        m,
        team_id,
        first_no + n as agent_no,
        least(greatest(minutes / agent_count, 60), 480 * 20) as minutes,
        greatest(1, ceil(least(minutes / agent_count, 480 * 20) / 420))::integer as shift_count,
        part(part(hash(xor(getvariable('seed_key'), hash('shifts'))), m), first_no + n) as ks,
    from loads
    inner join teams using (team_id), range(agent_count) as numbers (n)
),

working_days as (
    select
        m,
        day_on,
        row_number() over (partition by m order by day_on) as day_no,
        count(*) over (partition by m) as day_count,
    from (
        select distinct m, unnest(generate_series(
            month_start(m)::timestamp, month_start(m + 1)::timestamp - interval 1 day, interval 1 day
        ))::date as day_on
        from plans
    )
    where isodow(day_on) < 6
)

select
    'SH-' || agent_no || '-' || strftime(day_on, '%y%m%d') as shift_id,
    'E' || (1000 + agent_no) as agent_id,
    team_id,
    day_on as shift_date,
    least(round(minutes / least(shift_count, day_count) * (0.9 + 0.2 * draw(ks, 'length'))), 480)
        ::decimal(9, 2) as available_minutes,
    day_on::timestamp + interval 18 hour as _arrives,
from plans
inner join working_days using (m)
where floor((day_no - 1 + draw(ks, 'first')) * least(shift_count, day_count) / day_count)
    <> floor((day_no - 2 + draw(ks, 'first')) * least(shift_count, day_count) / day_count)
