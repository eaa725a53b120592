{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    process_steps.as_of_date,
    process_steps.period_months,
    process_steps.process,
    process_steps.step,
    process_steps.place,
    process_steps.measured_months,
    process_steps.entry_count,
    process_steps.rework_count,
    round(process_steps.rework_ratio, 6) as rework_ratio,
    round(process_steps.rework_low, 6) as rework_low,
    round(process_steps.rework_high, 6) as rework_high,
    process_steps.finished_count,
    round(process_steps.minutes_p50, 6) as minutes_p50,
    round(process_steps.minutes_p90, 6) as minutes_p90,
    process_steps.business_finished_count,
    round(process_steps.business_minutes_p50, 6) as business_minutes_p50,
    round(process_steps.business_minutes_p90, 6) as business_minutes_p90,
    process_steps.ongoing_count,
    process_steps.is_low_n,
    process_steps.is_rework_low_n
from {{ ref('ind_process_steps') }} as process_steps
inner join run_months
    on
        process_steps.as_of_date >= run_months.first_month
        and process_steps.as_of_date <= run_months.last_month
