with totals as (

    select
        customer_indicators.as_of_date,
        cast(count(*) as integer) as customer_count,
        cast(sum(case when customer_indicators.is_active then 1 else 0 end) as integer)
            as active_customer_count,
        cast(sum(customer_indicators.revenue_1m) as decimal(18, 2)) as revenue_1m,
        cast(sum(customer_indicators.revenue_12m) as decimal(18, 2)) as revenue_12m,
        max(case when customer_indicators.is_window_complete then 1 else 0 end) = 1
            as is_window_complete
    from {{ ref('customer_indicators') }} as customer_indicators
    group by customer_indicators.as_of_date

),

retention as (

    select * from {{ ref('ind_retention_rates') }}
    where tier = 'all'

),

revenue_retention as (

    select * from {{ ref('ind_revenue_retention') }}
    where tier = 'all'

),

winback as (

    select * from {{ ref('ind_lifecycle_rates') }}
    where tier = 'all'

),

concentration as (

    select * from {{ ref('ind_concentration') }}

)

select
    totals.as_of_date,
    retention.period_months,
    totals.customer_count,
    totals.active_customer_count,
    totals.revenue_1m,
    totals.revenue_12m,
    totals.is_window_complete,
    retention.start_customer_count,
    retention.end_customer_count,
    retention.retained_customer_count,
    retention.lost_customer_count,
    retention.new_customer_count,
    retention.won_back_customer_count,
    round(retention.customer_retention_ratio, 6) as customer_retention_ratio,
    round(retention.customer_retention_low, 6) as customer_retention_low,
    round(retention.customer_retention_high, 6) as customer_retention_high,
    round(1 - retention.customer_retention_ratio, 6) as customer_churn_ratio,
    round(retention.growth_ratio, 6) as growth_ratio,
    retention.is_low_n,
    case
        when retention.period_months = 1
            then cast({{ ratio(
                'totals.revenue_1m',
                '(retention.start_customer_count + retention.end_customer_count) / 2.0'
            ) }} as decimal(18, 2))
    end as arpu_1m,
    {{ revenue_retention_columns('revenue_retention') }},
    {{ winback_columns('winback') }},
    concentration.paying_customer_count,
    round(concentration.top_20_percent_revenue_ratio, 6) as top_20_percent_revenue_ratio,
    round(concentration.gini, 6) as gini,
    round(concentration.effective_customer_number, 6) as effective_customer_number,
    {{ arpu_columns('arpu') }}
from totals
inner join retention on totals.as_of_date = retention.as_of_date
left join revenue_retention
    on
        totals.as_of_date = revenue_retention.as_of_date
        and retention.period_months = revenue_retention.period_months
left join winback on totals.as_of_date = winback.as_of_date
left join concentration on totals.as_of_date = concentration.as_of_date
left join {{ ref('ind_arpu') }} as arpu
    on totals.as_of_date = arpu.as_of_date and arpu.tier = 'all'
