{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month end. Trailing sums over whole months. A window that begins
    before billing was measured holds the measured months only and says so
    (`is_window_complete = false`). -#}
with run_months as (

    {{ run_months() }}

),

billing as (

    select systems.measured_from
    from {{ ref('stg_control__systems') }} as systems
    where systems.source_system = 'billing'

),

customer_months as (

    select customer_months.*
    from {{ ref('int_customer_months') }} as customer_months
    inner join run_months
        on
            customer_months.as_of_date >= {{ month_end_after('run_months.first_month', -17) }}
            and customer_months.as_of_date <= run_months.last_month

),

windows as (

    select
        customer_months.customer_id,
        customer_months.as_of_date,
        customer_months.first_seen_date,
        customer_months.first_purchase_date,
        customer_months.last_purchase_date,
        customer_months.product_count_12m,
        customer_months.category_count_12m,
        customer_months.first_purchase_amount,
        customer_months.lifetime_revenue,
        customer_months.lifetime_gross_margin,
        customer_months.lifetime_costed_revenue,
        customer_months.lifetime_turnover,
        customer_months.lifetime_costed_turnover,
        customer_months.lifetime_purchase_amount,
        customer_months.lifetime_purchase_count,
        customer_months.lifetime_line_count,
        customer_months.lifetime_gap_count,
        customer_months.lifetime_long_gap_count,
        customer_months.revenue as revenue_1m,
        customer_months.purchase_count as purchases_1m,
        sum(customer_months.revenue) over last_3 as revenue_3m,
        sum(customer_months.purchase_count) over last_3 as purchases_3m,
        sum(customer_months.revenue) over prior_3 as revenue_prior_3m,
        sum(customer_months.revenue) over last_6 as revenue_6m,
        sum(customer_months.purchase_count) over last_6 as purchases_6m,
        sum(customer_months.line_count) over last_6 as line_count_6m,
        sum(customer_months.line_count) over year_before_6 as line_count_year_before_6m,
        sum(customer_months.revenue) over year_before_6 as revenue_year_before_6m,
        count(*) over year_before_6 as months_year_before_6m,
        sum(customer_months.gross_margin) over last_6 as gross_margin_6m,
        sum(customer_months.turnover - customer_months.costed_turnover) over last_6
            as uncosted_turnover_6m,
        sum(customer_months.gross_margin) over year_before_6 as gross_margin_year_before_6m,
        sum(customer_months.turnover - customer_months.costed_turnover) over year_before_6
            as uncosted_turnover_year_before_6m,
        sum(customer_months.gross_margin) over last_12 as gross_margin_12m,
        sum(customer_months.costed_revenue) over last_12 as costed_revenue_12m,
        sum(customer_months.turnover) over last_12 as turnover_12m,
        sum(customer_months.costed_turnover) over last_12 as costed_turnover_12m,
        sum(customer_months.revenue) over last_12 as revenue_12m,
        sum(customer_months.invoiced_amount) over last_12 as invoiced_amount_12m,
        sum(customer_months.returned_amount) over last_12 as returned_amount_12m,
        sum(customer_months.purchase_amount) over last_12 as purchase_amount_12m,
        sum(customer_months.purchase_count) over last_12 as purchases_12m,
        sum(customer_months.line_count) over last_12 as line_count_12m,
        sum(
            case when customer_months.purchase_count > 0 then 1 else 0 end
        ) over last_12 as active_months_12m,
        sum(customer_months.gap_count) over last_12 as gap_count_12m,
        sum(customer_months.gap_days_sum) over last_12 as gap_days_sum_12m,
        sum(customer_months.gap_days_squared_sum) over last_12 as gap_days_squared_sum_12m
    from customer_months
    window
        last_3 as (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 2 preceding and current row
        ),
        prior_3 as (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 5 preceding and 3 preceding
        ),
        last_6 as (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 5 preceding and current row
        ),
        year_before_6 as (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 17 preceding and 12 preceding
        ),
        last_12 as (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 11 preceding and current row
        )

)

select
    windows.customer_id,
    windows.as_of_date,
    windows.first_seen_date,
    windows.first_purchase_date,
    windows.last_purchase_date,
    {{ days_between('windows.last_purchase_date', 'windows.as_of_date') }} as days_since_purchase,
    {{ days_between('windows.first_seen_date', 'windows.as_of_date') }} as tenure_days,
    windows.first_seen_date < cast(
        {{ dbt.dateadd('day', var('tenure_censor_days'), 'billing.measured_from') }} as date
    ) as is_tenure_censored,
    billing.measured_from <= cast(
        {{ dbt.date_trunc('month', dbt.dateadd('month', -11, 'windows.as_of_date')) }} as date
    ) as is_window_complete,
    cast(windows.revenue_1m as decimal(18, 4)) as revenue_1m,
    cast(windows.revenue_3m as decimal(18, 4)) as revenue_3m,
    cast(windows.revenue_prior_3m as decimal(18, 4)) as revenue_prior_3m,
    cast(windows.revenue_6m as decimal(18, 4)) as revenue_6m,
    cast(
        case when windows.months_year_before_6m = 6 then windows.revenue_year_before_6m end
        as decimal(18, 4)
    ) as revenue_year_before_6m,
    cast(windows.revenue_12m as decimal(18, 4)) as revenue_12m,
    cast(windows.invoiced_amount_12m as decimal(18, 4)) as invoiced_amount_12m,
    cast(windows.returned_amount_12m as decimal(18, 4)) as returned_amount_12m,
    cast(windows.gross_margin_6m as decimal(18, 4)) as gross_margin_6m,
    cast(windows.uncosted_turnover_6m as decimal(18, 4)) as uncosted_turnover_6m,
    cast(
        case when windows.months_year_before_6m = 6 then windows.gross_margin_year_before_6m end
        as decimal(18, 4)
    ) as gross_margin_year_before_6m,
    cast(
        case
            when windows.months_year_before_6m = 6 then windows.uncosted_turnover_year_before_6m
        end as decimal(18, 4)
    ) as uncosted_turnover_year_before_6m,
    cast(windows.gross_margin_12m as decimal(18, 4)) as gross_margin_12m,
    cast(windows.costed_revenue_12m as decimal(18, 4)) as costed_revenue_12m,
    cast(windows.turnover_12m as decimal(18, 4)) as turnover_12m,
    cast(windows.costed_turnover_12m as decimal(18, 4)) as costed_turnover_12m,
    cast(windows.purchase_amount_12m as decimal(18, 4)) as purchase_amount_12m,
    cast(windows.purchases_1m as integer) as purchases_1m,
    cast(windows.purchases_3m as integer) as purchases_3m,
    cast(windows.purchases_6m as integer) as purchases_6m,
    cast(windows.purchases_12m as integer) as purchases_12m,
    cast(windows.line_count_12m as integer) as line_count_12m,
    cast(
        windows.line_count_6m + coalesce(windows.line_count_year_before_6m, 0) as integer
    ) as line_count_trend,
    cast(windows.active_months_12m as integer) as active_months_12m,
    windows.product_count_12m,
    windows.category_count_12m,
    cast(windows.gap_count_12m as integer) as gap_count_12m,
    cast(windows.gap_days_sum_12m as bigint) as gap_days_sum_12m,
    cast(windows.gap_days_squared_sum_12m as bigint) as gap_days_squared_sum_12m,
    windows.first_purchase_amount,
    windows.lifetime_revenue,
    windows.lifetime_gross_margin,
    windows.lifetime_costed_revenue,
    windows.lifetime_turnover,
    windows.lifetime_costed_turnover,
    windows.lifetime_purchase_amount,
    windows.lifetime_purchase_count,
    windows.lifetime_line_count,
    windows.lifetime_gap_count,
    windows.lifetime_long_gap_count
from windows
cross join billing
inner join run_months on windows.as_of_date >= run_months.first_month
