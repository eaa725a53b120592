{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end that the expert rating gives points: the same seven
    characteristics, for the rating that is learnt (handbook C13). -#}
with run_months as (

    {{ run_months() }}

)

select
    ind_credit.customer_id,
    ind_credit.as_of_date,
    cast(ind_iceberg.paid_on_time_ratio_12m as double) as paid_on_time_ratio_12m,
    ind_credit.days_past_due_max_12m,
    cast(ind_credit.credit_utilisation_ratio as double) as credit_utilisation_ratio,
    cast(ind_value.return_ratio_12m as double) as return_ratio_12m,
    cast(ind_credit.disputes_12m as integer) as disputes_12m,
    cast(customer_windows.tenure_days as integer) as tenure_days,
    ind_credit.external_credit_rating,
    ind_credit.credit_points as expert_points
from {{ ref('ind_credit') }} as ind_credit
inner join run_months
    on
        ind_credit.as_of_date >= run_months.first_month
        and ind_credit.as_of_date <= run_months.last_month
inner join {{ ref('ind_iceberg') }} as ind_iceberg
    on
        ind_credit.customer_id = ind_iceberg.customer_id
        and ind_credit.as_of_date = ind_iceberg.as_of_date
inner join {{ ref('ind_value') }} as ind_value
    on
        ind_credit.customer_id = ind_value.customer_id
        and ind_credit.as_of_date = ind_value.as_of_date
inner join {{ ref('int_customer_windows') }} as customer_windows
    on
        ind_credit.customer_id = customer_windows.customer_id
        and ind_credit.as_of_date = customer_windows.as_of_date
where ind_credit.credit_status = 'rated'
