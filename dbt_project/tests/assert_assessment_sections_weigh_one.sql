-- The sections of the assessment of the organisation weigh 1 together, and each practice has one
-- row in force on any day, else a figure would count it twice (C2).
select
    'weights of the sections' as what,
    cast(sum(sections.weight) as varchar) as found
from {{ ref('cmat_section_weights') }} as sections
having abs(sum(sections.weight) - 1) > 0.000000001
union all
select
    'two rows in force' as what,
    firsts.practice_id as found
from {{ ref('cmat_questionnaire') }} as firsts
inner join {{ ref('cmat_questionnaire') }} as seconds
    on
        firsts.practice_id = seconds.practice_id
        and firsts.valid_from < seconds.valid_from
where firsts.valid_until is null or firsts.valid_until > seconds.valid_from
union all
-- A ladder begins with level 1 and leaves none out.
select
    'a level is missing below another' as what,
    rules.practice_id as found
from {{ ref('cmat_rules') }} as rules
group by rules.practice_id
having max(rules.level) <> count(distinct rules.level)
