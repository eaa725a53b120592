{{ config(severity='warn') }}
-- A grade of a credit agency that the seed credit_agency_grades does not know counts as none: the
-- agency's scale is to be added there.
with own_scales as (

    select distinct grades.agency
    from {{ ref('credit_agency_grades') }} as grades

)

select
    checks.agency,
    checks.agency_grade,
    count(*) as check_count
from {{ ref('stg_organisation__credit_checks') }} as checks
left join own_scales on checks.agency = own_scales.agency
left join {{ ref('credit_agency_grades') }} as grades
    on
        coalesce(own_scales.agency, 'any') = grades.agency
        and checks.agency_grade = grades.agency_grade
where checks.agency_grade is not null and grades.agency_grade is null
group by checks.agency, checks.agency_grade
