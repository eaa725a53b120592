{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    journey.as_of_date,
    journey.cohort_kind,
    journey.cohort_month,
    journey.stage,
    journey.place,
    journey.entered_count,
    journey.out_of_order_count,
    journey.pending_count,
    journey.is_final,
    journey.conversion_cases,
    journey.converted_count,
    round(journey.conversion_ratio, 6) as conversion_ratio,
    round(journey.conversion_low, 6) as conversion_low,
    round(journey.conversion_high, 6) as conversion_high,
    journey.is_conversion_low_n,
    round(journey.dwell_days_p50, 6) as dwell_days_p50,
    round(journey.dwell_days_p90, 6) as dwell_days_p90,
    journey.drop_off_cases,
    round(journey.drop_off_ratio, 6) as drop_off_ratio,
    round(journey.drop_off_low, 6) as drop_off_low,
    round(journey.drop_off_high, 6) as drop_off_high,
    journey.is_drop_off_low_n
from {{ ref('ind_journey') }} as journey
inner join run_months
    on
        journey.as_of_date >= run_months.first_month
        and journey.as_of_date <= run_months.last_month
