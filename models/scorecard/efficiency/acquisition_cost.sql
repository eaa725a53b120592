{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    acquisition.as_of_date,
    acquisition.period_months,
    acquisition.channel,
    acquisition.tier,
    acquisition.lag_months,
    acquisition.measured_months,
    acquisition.is_fully_loaded,
    cast(acquisition.media_cost as decimal(18, 2)) as media_cost,
    cast(acquisition.pay_cost as decimal(18, 2)) as pay_cost,
    cast(acquisition.other_cost as decimal(18, 2)) as other_cost,
    cast(acquisition.acquisition_cost as decimal(18, 2)) as acquisition_cost,
    cast(acquisition.shared_cost as decimal(18, 2)) as shared_cost,
    acquisition.new_customer_count,
    cast(acquisition.acquisition_cost_per_customer as decimal(18, 2))
        as acquisition_cost_per_customer,
    cast(acquisition.monthly_revenue_per_customer as decimal(18, 2))
        as monthly_revenue_per_customer,
    round(acquisition.gross_margin_ratio, 6) as gross_margin_ratio,
    round(acquisition.payback_months, 6) as payback_months,
    acquisition.is_low_n
from {{ ref('ind_acquisition') }} as acquisition
inner join run_months
    on
        acquisition.as_of_date >= run_months.first_month
        and acquisition.as_of_date <= run_months.last_month
