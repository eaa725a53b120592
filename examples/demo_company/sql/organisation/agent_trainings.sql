-- Two courses for the service desk: one in the middle of the history, one two months before its end.
-- Who goes is drawn and changes nothing in how an agent works, so that nothing may be found of them.
select
    training_id,
    'E' || (1000 + agent_no) as agent_id,
    month_start(m) + 4 + floor(18 * draw(ka, 'completed'))::integer as completed_on,
    title,
from (
    values
        ('TRN-1', 'Solving at first contact', getvariable('months') // 2),
        ('TRN-2', 'Writing clear answers', getvariable('months') - 2)
) as trainings (training_id, title, m)
cross join range(1, getvariable('agents') + 1) as numbers (agent_no)
cross join lateral (
    select part(hash(xor(getvariable('seed_key'), hash(training_id))), agent_no) as ka
) as keys
where draw(ka, 'goes') < 0.45
