{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    complaint_tiers.as_of_date,
    complaint_tiers.period_months,
    complaint_tiers.tier,
    complaint_tiers.measured_months,
    complaint_tiers.complaint_count,
    round(complaint_tiers.active_customers_mean, 6) as active_customers_mean,
    round(complaint_tiers.complaints_per_1000_customers, 6) as complaints_per_1000_customers,
    complaint_tiers.sla_met_cases,
    round(complaint_tiers.sla_met_ratio, 6) as sla_met_ratio,
    round(complaint_tiers.sla_met_low, 6) as sla_met_low,
    round(complaint_tiers.sla_met_high, 6) as sla_met_high,
    complaint_tiers.is_sla_met_low_n,
    complaint_tiers.repeat_cases,
    round(complaint_tiers.repeat_ratio, 6) as repeat_ratio,
    round(complaint_tiers.repeat_low, 6) as repeat_low,
    round(complaint_tiers.repeat_high, 6) as repeat_high,
    complaint_tiers.is_repeat_low_n,
    complaint_tiers.upheld_cases,
    round(complaint_tiers.upheld_ratio, 6) as upheld_ratio,
    round(complaint_tiers.upheld_low, 6) as upheld_low,
    round(complaint_tiers.upheld_high, 6) as upheld_high,
    complaint_tiers.is_upheld_low_n,
    complaint_tiers.retained_cases,
    round(complaint_tiers.retained_ratio, 6) as retained_ratio,
    round(complaint_tiers.retained_low, 6) as retained_low,
    round(complaint_tiers.retained_high, 6) as retained_high,
    complaint_tiers.is_retained_low_n,
    complaint_tiers.sla_pending_count,
    complaint_tiers.repeat_pending_count,
    complaint_tiers.retained_pending_count,
    complaint_tiers.is_final,
    complaint_tiers.is_low_n
from {{ ref('ind_complaint_tiers') }} as complaint_tiers
inner join run_months
    on
        complaint_tiers.as_of_date >= run_months.first_month
        and complaint_tiers.as_of_date <= run_months.last_month
