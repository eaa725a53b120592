{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end: what stands for value in the whole company. Margin where unit
    costs cover nearly all of its turnover of twelve months, else revenue; never one for one
    customer and the other for the next, who could not be compared. -#}
with run_months as (

    {{ run_months() }}

),

totals as (

    select
        customer_windows.as_of_date,
        sum(customer_windows.turnover_12m) as turnover,
        sum(customer_windows.costed_turnover_12m) as costed_turnover,
        sum(customer_windows.costed_revenue_12m) as costed_revenue,
        sum(customer_windows.gross_margin_12m) as gross_margin
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join run_months
        on
            customer_windows.as_of_date >= run_months.first_month
            and customer_windows.as_of_date <= run_months.last_month
    group by customer_windows.as_of_date

)

select
    totals.as_of_date,
    case
        when totals.costed_turnover > 0 and {{ is_margin_covered('totals') }} then 'margin'
        else 'revenue'
    end as value_basis,
    coalesce(totals.costed_turnover > 0, false) as is_margin_measured,
    {{ ratio('totals.costed_turnover', 'totals.turnover') }} as margin_coverage_12m,
    case
        when totals.costed_revenue > 0
            then {{ ratio('totals.gross_margin', 'totals.costed_revenue') }}
    end as gross_margin_ratio_12m
from totals
