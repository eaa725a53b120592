-- An assessment a year by two people: practices of nine sections, a little better every year.
select
    'CMAT-' || y as assessment_id,
    'P' || padded(section, 2) || '.' || practice as practice_id,
    dimension,
    case when draw(ka, 'applies') < 0.03 then null
        else clamp(floor(
            case dimension when 'intention' then 2.1 when 'reality' then 1.5 else 1.1 end
            + 0.12 * (y - year(getvariable('first_day'))) + 0.9 * normal(kp, 'practice')
            + 0.35 * normal(ka, 'assessor')
        ), 0, 4)
    end::integer as level,
    draw(ka, 'applies') < 0.03 as is_not_applicable,
    case when draw(ka, 'evidence') < 0.7 then 'evidence/' || y || '/' || section || '/' || practice end
        as evidence_reference,
    assessor_id,
    make_date(y::bigint, 10, 5) + section::integer as answered_on,
from range(year(getvariable('first_day')), year(getvariable('last_day')) + 1) as years (y)
cross join range(1, 10) as sections (section)
cross join range(1, 6) as practices (practice)
cross join (values ('intention'), ('reality'), ('effect')) as dimensions (dimension)
cross join (values ('E5001'), ('E5002')) as assessors (assessor_id)
cross join lateral (
    select
        part(hash(xor(getvariable('seed_key'), hash('cmat'))), section * 10 + practice) as kp,
        hash(xor(part(hash(xor(getvariable('seed_key'), hash(dimension || assessor_id))),
            section * 10 + practice), hash(y))) as ka
) as keys
where make_date(y::bigint, 10, 5) + 10 between getvariable('first_day') and getvariable('last_day')
