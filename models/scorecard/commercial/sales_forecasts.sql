{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    sales_forecasts.as_of_date,
    sales_forecasts.horizon_months,
    sales_forecasts.month_count,
    cast(round(sales_forecasts.forecast_amount, 2) as decimal(18, 2)) as forecast_amount,
    cast(round(sales_forecasts.won_amount, 2) as decimal(18, 2)) as won_amount,
    round(sales_forecasts.forecast_wape, 6) as forecast_wape,
    round(sales_forecasts.forecast_bias, 6) as forecast_bias
from {{ ref('ind_sales_forecasts') }} as sales_forecasts
inner join run_months
    on
        sales_forecasts.as_of_date >= run_months.first_month
        and sales_forecasts.as_of_date <= run_months.last_month
