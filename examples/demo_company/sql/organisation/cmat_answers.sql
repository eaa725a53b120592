-- An assessment a year by two people: practices of the eight sections, a little better every year.
-- Now and then a practice does not apply, and a few answers were forgotten.
select
    'CMAT-' || y as assessment_id,
    'P' || padded(section, 2) || '.' || practice as practice_id,
    dimension,
    case when draw(kp, 'applies') < 0.03 then null
        else clamp(floor(
            case dimension when 'intention' then 2.1 when 'reality' then 1.5 else 1.1 end
            + 0.12 * (y - year(getvariable('first_day'))) + 0.9 * normal(kp, 'practice')
            + 0.35 * normal(ka, 'assessor')
        ), 0, 4)
    end::integer as level,
    draw(kp, 'applies') < 0.03 as is_not_applicable,
    case when draw(ka, 'evidence') < 0.7 then 'evidence/' || y || '/' || section || '/' || practice end
        as evidence_reference,
    assessor_id,
    make_date(y::bigint, 10, 5) + section::integer as answered_on,
from range(year(getvariable('first_day')), year(getvariable('last_day')) + 1) as years (y)
cross join (values (1, 8), (2, 8), (3, 8), (4, 7), (5, 8), (6, 7), (7, 7), (8, 7))
    as sections (section, practice_count)
cross join lateral range(1, practice_count + 1) as practices (practice)
cross join (values ('intention'), ('reality'), ('effect')) as dimensions (dimension)
cross join (values ('E5001'), ('E5002')) as assessors (assessor_id)
cross join lateral (
    select
        part(hash(xor(getvariable('seed_key'), hash('cmat'))), section * 10 + practice) as kp,
        hash(xor(part(hash(xor(getvariable('seed_key'), hash(dimension || assessor_id))),
            section * 10 + practice), hash(y))) as ka,
        hash(xor(part(hash(xor(getvariable('seed_key'), hash('answered' || dimension))),
            section * 10 + practice), hash(y))) as kd
) as keys
where make_date(y::bigint, 10, 5) + 10 between getvariable('first_day') and getvariable('last_day')
    and draw(kd, 'answered') >= 0.03
