{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end with a graded report of a credit agency that is not
    older than `credit_report_days`: the newest that was known by then. A grade that the seed
    `credit_agency_grades` does not know is none. Nothing about money laundering is read here. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm'

),

-- Who has a scale of its own is not read by the common one.
own_scales as (

    select distinct grades.agency
    from {{ ref('credit_agency_grades') }} as grades

),

graded as (

    select
        checks.check_id,
        links.customer_id,
        checks.agency,
        checks.checked_on,
        checks.valid_from,
        checks.valid_to,
        grades.grade,
        grades.rating
    from {{ ref('stg_organisation__credit_checks') }} as checks
    inner join links on checks.crm_customer_id = links.crm_customer_id
    left join own_scales on checks.agency = own_scales.agency
    inner join {{ ref('credit_agency_grades') }} as grades
        on
            coalesce(own_scales.agency, 'any') = grades.agency
            and checks.agency_grade = grades.agency_grade

),

-- Of each check the version that was known at the month end.
known as (

    select
        months.as_of_date,
        graded.customer_id,
        graded.agency,
        graded.checked_on,
        graded.grade,
        graded.rating,
        row_number() over (
            partition by months.as_of_date, graded.customer_id
            order by graded.checked_on desc, graded.check_id desc, graded.valid_from desc
        ) as newest_rank
    from graded
    inner join months
        on
            graded.checked_on <= months.as_of_date
            and graded.checked_on
            > {{ dbt.dateadd('day', -var('credit_report_days'), 'months.as_of_date') }}
            and {{ month_end('graded.valid_from') }} <= months.as_of_date
            and (
                graded.valid_to is null
                or {{ month_end('graded.valid_to') }} > months.as_of_date
            )

)

select
    known.customer_id,
    known.as_of_date,
    known.agency,
    known.checked_on,
    known.grade,
    cast(known.rating as integer) as rating,
    {{ days_between('known.checked_on', 'known.as_of_date') }} as age_days
from known
where known.newest_rank = 1
