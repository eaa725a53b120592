{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end of the month in which the customer was won: that of
    the first purchase. Who was there before the data begin was never won in them. -#}
with run_months as (

    {{ run_months() }}

)

select
    customer_windows.customer_id,
    customer_windows.as_of_date,
    coalesce(lower(attributes.acquisition_channel), 'none') as channel,
    ind_value.tier
from {{ ref('int_customer_windows') }} as customer_windows
inner join run_months
    on
        customer_windows.as_of_date >= run_months.first_month
        and customer_windows.as_of_date <= run_months.last_month
inner join {{ ref('ind_value') }} as ind_value
    on
        customer_windows.customer_id = ind_value.customer_id
        and customer_windows.as_of_date = ind_value.as_of_date
left join {{ ref('int_customer_attribute_months') }} as attributes
    on
        customer_windows.customer_id = attributes.customer_id
        and customer_windows.as_of_date = attributes.as_of_date
where
    not customer_windows.is_tenure_censored
    and {{ month_end('customer_windows.first_purchase_date') }} = customer_windows.as_of_date
