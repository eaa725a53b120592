{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    grades.as_of_date,
    grades.grade,
    credit_grades.meaning,
    credit_grades.meaning_zh,
    grades.customer_count,
    cast(round(grades.receivable_amount, 2) as decimal(18, 2)) as receivable_amount,
    cast(round(grades.overdue_amount, 2) as decimal(18, 2)) as overdue_amount,
    round(grades.overdue_ratio, 6) as overdue_ratio,
    round(grades.days_sales_outstanding, 6) as days_sales_outstanding,
    grades.over_limit_count,
    grades.bad_cases,
    grades.bad_count,
    round(grades.bad_ratio, 6) as bad_ratio,
    round(grades.bad_low, 6) as bad_low,
    round(grades.bad_high, 6) as bad_high,
    grades.is_bad_low_n
from {{ ref('ind_credit_grades') }} as grades
inner join run_months
    on
        grades.as_of_date >= run_months.first_month
        and grades.as_of_date <= run_months.last_month
left join {{ ref('credit_grades') }} as credit_grades on grades.grade = credit_grades.grade
