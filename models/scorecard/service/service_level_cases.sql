{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    cases.as_of_date,
    cases.period_months,
    cases.tier,
    cases.region,
    cases.tiers_below_from,
    cases.ticket_count,
    cases.below_ticket_count,
    round(cases.below_ticket_ratio, 6) as below_ticket_ratio,
    cases.customer_count,
    cases.below_customer_count,
    round(cases.below_customer_ratio, 6) as below_customer_ratio,
    round(cases.below_customer_low, 6) as below_customer_low,
    round(cases.below_customer_high, 6) as below_customer_high,
    cases.rest_customer_count,
    cases.rest_below_customer_count,
    round(cases.rest_below_customer_ratio, 6) as rest_below_customer_ratio,
    round(cases.difference, 6) as difference,
    round(cases.difference_low, 6) as difference_low,
    round(cases.difference_high, 6) as difference_high,
    cases.usual_sla_tier,
    cases.is_low_n,
    cases.is_case,
    cases.case_since
from {{ ref('ind_service_level_cases') }} as cases
inner join run_months
    on
        cases.as_of_date >= run_months.first_month
        and cases.as_of_date <= run_months.last_month
