{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    programme.as_of_date,
    programme.period_months,
    programme.tier,
    programme.measured_months,
    programme.active_customer_count,
    programme.active_member_count,
    round(programme.enrolment_ratio, 6) as enrolment_ratio,
    round(programme.enrolment_low, 6) as enrolment_low,
    round(programme.enrolment_high, 6) as enrolment_high,
    programme.is_enrolment_low_n,
    programme.member_count,
    programme.unlinked_member_count,
    programme.opening_balance,
    programme.points_earned,
    programme.points_burned,
    programme.points_expired,
    programme.points_adjusted,
    programme.closing_balance,
    programme.negative_balance_count,
    round(programme.burn_ratio, 6) as burn_ratio,
    round(programme.breakage_ratio, 6) as breakage_ratio
from {{ ref('ind_loyalty_programme') }} as programme
inner join run_months
    on
        programme.as_of_date >= run_months.first_month
        and programme.as_of_date <= run_months.last_month
