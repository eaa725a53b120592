{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    transitions.as_of_date,
    transitions.period_months,
    transitions.tier,
    transitions.from_stage,
    transitions.to_stage,
    transitions.start_count,
    transitions.customer_count,
    round(transitions.move_ratio, 6) as move_ratio,
    round(transitions.move_low, 6) as move_low,
    round(transitions.move_high, 6) as move_high,
    transitions.is_low_n
from {{ ref('ind_stage_transitions') }} as transitions
inner join run_months
    on
        transitions.as_of_date >= run_months.first_month
        and transitions.as_of_date <= run_months.last_month
