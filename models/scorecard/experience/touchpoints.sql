{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    touchpoints.as_of_date,
    touchpoints.period_months,
    touchpoints.touchpoint,
    touchpoints.touchpoint_name,
    touchpoints.journey_stage,
    touchpoints.owner,
    touchpoints.is_registered,
    touchpoints.is_unowned,
    touchpoints.contact_count,
    touchpoints.customer_month_count,
    round(touchpoints.contacts_per_customer_month, 6) as contacts_per_customer_month,
    round(touchpoints.customer_initiated_ratio, 6) as customer_initiated_ratio,
    round(touchpoints.two_way_ratio, 6) as two_way_ratio
from {{ ref('ind_touchpoints') }} as touchpoints
inner join run_months
    on
        touchpoints.as_of_date >= run_months.first_month
        and touchpoints.as_of_date <= run_months.last_month
