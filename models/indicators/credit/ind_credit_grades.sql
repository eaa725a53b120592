{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and grade, also `all`, `unrated` and those without evidence: how
    many customers, what they owe, and what became of those who had the grade twelve months before.
    Bad is who was 90 days past due at any time since. -#}
with run_months as (

    {{ run_months() }}

),

ratings as (

    select
        ind_credit.customer_id,
        ind_credit.as_of_date,
        coalesce(ind_credit.credit_grade, ind_credit.credit_status) as grade,
        ind_credit.receivable_amount,
        ind_credit.overdue_amount,
        ind_credit.days_past_due_max_12m,
        ind_credit.credit_utilisation_ratio
    from {{ ref('ind_credit') }} as ind_credit
    inner join run_months
        on
            ind_credit.as_of_date >= {{ month_end_after('run_months.first_month', -12) }}
            and ind_credit.as_of_date <= run_months.last_month
    where ind_credit.credit_status is not null

),

now as (

    select
        ratings.as_of_date,
        coalesce(ratings.grade, 'all') as grade,
        count(*) as customer_count,
        sum(ratings.receivable_amount) as receivable_amount,
        sum(ratings.overdue_amount) as overdue_amount,
        sum(windows.invoiced_amount_12m) as invoiced_amount_12m,
        {{ count_when('ratings.credit_utilisation_ratio >= 1') }} as over_limit_count
    from ratings
    inner join run_months on ratings.as_of_date >= run_months.first_month
    inner join {{ ref('int_customer_windows') }} as windows
        on
            ratings.customer_id = windows.customer_id
            and ratings.as_of_date = windows.as_of_date
    group by ratings.as_of_date, rollup(ratings.grade)

),

outcomes as (

    select
        later.as_of_date,
        coalesce(ratings.grade, 'all') as grade,
        count(*) as outcome_cases,
        {{ count_when(
            'later.days_past_due_max_12m >= ' ~ var('credit_bad_days')
        ) }} as bad_count
    from ratings
    inner join ratings as later
        on
            ratings.customer_id = later.customer_id
            and {{ month_end_after('ratings.as_of_date', 12) }} = later.as_of_date
    inner join run_months on later.as_of_date >= run_months.first_month
    group by later.as_of_date, rollup(ratings.grade)

)

select
    now.as_of_date,
    now.grade,
    cast(now.customer_count as integer) as customer_count,
    cast(now.receivable_amount as decimal(18, 4)) as receivable_amount,
    cast(now.overdue_amount as decimal(18, 4)) as overdue_amount,
    {{ ratio('now.overdue_amount', 'now.receivable_amount') }} as overdue_ratio,
    365 * {{ ratio('now.receivable_amount', 'now.invoiced_amount_12m') }} as days_sales_outstanding,
    cast(now.over_limit_count as integer) as over_limit_count,
    cast(coalesce(outcomes.outcome_cases, 0) as integer) as bad_cases,
    cast(coalesce(outcomes.bad_count, 0) as integer) as bad_count,
    {{ rate_columns('bad', 'outcomes.bad_count', 'outcomes.outcome_cases') }}
from now
left join outcomes
    on
        now.as_of_date = outcomes.as_of_date
        and now.grade = outcomes.grade
