{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    perceived_value.as_of_date,
    perceived_value.group_kind,
    perceived_value.group_value,
    perceived_value.dimension,
    perceived_value.side,
    perceived_value.answer_count,
    round(perceived_value.performance, 6) as performance,
    round(perceived_value.performance_low, 6) as performance_low,
    round(perceived_value.performance_high, 6) as performance_high,
    perceived_value.is_low_n,
    round(perceived_value.stated_importance, 6) as stated_importance,
    round(perceived_value.derived_importance, 6) as derived_importance,
    round(perceived_value.correlation, 6) as correlation,
    perceived_value.quadrant
from {{ ref('ind_perceived_value') }} as perceived_value
inner join run_months
    on
        perceived_value.as_of_date >= run_months.first_month
        and perceived_value.as_of_date <= run_months.last_month
