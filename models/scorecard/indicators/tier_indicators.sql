with tiers as (

    select
        customer_indicators.as_of_date,
        customer_indicators.tier,
        cast(count(*) as integer) as customer_count,
        cast(sum(case when customer_indicators.is_active then 1 else 0 end) as integer)
            as active_customer_count,
        cast(sum(customer_indicators.revenue_1m) as decimal(18, 2)) as revenue_1m,
        cast(sum(customer_indicators.revenue_12m) as decimal(18, 2)) as revenue_12m,
        cast(sum(customer_indicators.purchases_12m) as integer) as purchases_12m,
        round({{ mean('customer_indicators.loyalty_index') }}, 6) as mean_loyalty_index,
        cast(count(customer_indicators.loyalty_index) as integer) as loyalty_index_count,
        round({{ mean('customer_indicators.depth_index') }}, 6) as mean_depth_index
    from {{ ref('customer_indicators') }} as customer_indicators
    group by customer_indicators.as_of_date, customer_indicators.tier

),

retention as (

    select * from {{ ref('ind_retention_rates') }}
    where period_months = 12 and tier <> 'all'

),

revenue_retention as (

    select * from {{ ref('ind_revenue_retention') }}
    where period_months = 12

),

winback as (

    select * from {{ ref('ind_lifecycle_rates') }}

)

select
    tiers.as_of_date,
    tiers.tier,
    tiers.customer_count,
    tiers.active_customer_count,
    tiers.revenue_1m,
    tiers.revenue_12m,
    round({{ ratio(
        'tiers.revenue_12m', 'sum(tiers.revenue_12m) over (partition by tiers.as_of_date)'
    ) }}, 6) as revenue_12m_ratio,
    tiers.purchases_12m,
    tiers.mean_loyalty_index,
    tiers.loyalty_index_count,
    tiers.mean_depth_index,
    retention.start_customer_count as retention_start_count,
    round(retention.customer_retention_ratio, 6) as customer_retention_ratio_12m,
    round(retention.customer_retention_low, 6) as customer_retention_low_12m,
    round(retention.customer_retention_high, 6) as customer_retention_high_12m,
    retention.is_low_n as is_retention_low_n,
    {{ revenue_retention_columns('revenue_retention', '_12m') }},
    {{ winback_columns('winback') }},
    {{ arpu_columns('arpu') }}
from tiers
left join retention on tiers.as_of_date = retention.as_of_date and tiers.tier = retention.tier
left join revenue_retention
    on
        tiers.as_of_date = revenue_retention.as_of_date
        and tiers.tier = revenue_retention.tier
left join winback on tiers.as_of_date = winback.as_of_date and tiers.tier = winback.tier
left join {{ ref('ind_arpu') }} as arpu
    on tiers.as_of_date = arpu.as_of_date and tiers.tier = arpu.tier
