{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. Value by revenue (there are no unit costs, so what
    asks for margin uses revenue and says so), RFM and tier (handbook C11). -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    select customer_windows.*
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join run_months
        on
            customer_windows.as_of_date >= run_months.first_month
            and customer_windows.as_of_date <= run_months.last_month

),

carried as (

    {% if is_incremental() -%}
    select
        this_table.customer_id,
        this_table.raw_tier,
        this_table.tier
    from {{ this }} as this_table
    inner join run_months
        on this_table.as_of_date = {{ month_end_after('run_months.first_month', -1) }}
    {%- else -%}
    select
        cast(null as varchar) as customer_id,
        cast(null as varchar) as raw_tier,
        cast(null as varchar) as tier
    from run_months
    where 1 = 0
    {%- endif %}

),

recency_cutoffs as (

    select * from {{ ref('ind_rfm_cutoffs') }}
    where dimension = 'recency'

),

frequency_cutoffs as (

    select * from {{ ref('ind_rfm_cutoffs') }}
    where dimension = 'frequency'

),

monetary_cutoffs as (

    select * from {{ ref('ind_rfm_cutoffs') }}
    where dimension = 'monetary'

),

-- Revenue of the customers strictly above: equal revenues share a tier.
shares as (

    select
        windows.*,
        sum(case when windows.revenue_12m > 0 then windows.revenue_12m else 0 end) over (
            partition by windows.as_of_date
        ) as positive_revenue,
        sum(case when windows.revenue_12m > 0 then windows.revenue_12m else 0 end) over (
            partition by windows.as_of_date order by windows.revenue_12m desc
            range between unbounded preceding and current row
        ) - case when windows.revenue_12m > 0 then windows.revenue_12m else 0 end * count(*) over (
            partition by windows.as_of_date, windows.revenue_12m
        ) as revenue_above
    from windows

),

raw_tiers as (

    select
        shares.*,
        case
            when shares.revenue_12m <= 0 then 'D'
            when shares.revenue_above < 0.80 * shares.positive_revenue then 'A'
            when shares.revenue_above < 0.95 * shares.positive_revenue then 'B'
            else 'C'
        end as raw_tier
    from shares

),

previous as (

    select
        raw_tiers.*,
        coalesce(
            lag(raw_tiers.raw_tier) over (
                partition by raw_tiers.customer_id order by raw_tiers.as_of_date
            ),
            carried.raw_tier
        ) as previous_raw_tier,
        carried.tier as carried_tier
    from raw_tiers
    left join carried on raw_tiers.customer_id = carried.customer_id

),

-- The raw tier is confirmed when it holds for two months, or when the customer is new here.
confirmed as (

    select
        previous.*,
        case
            when
                previous.previous_raw_tier is null
                or previous.previous_raw_tier = previous.raw_tier
                then previous.raw_tier
        end as confirmed_tier
    from previous

),

spells as (

    select
        confirmed.*,
        count(confirmed.confirmed_tier) over (
            partition by confirmed.customer_id order by confirmed.as_of_date
            rows between unbounded preceding and current row
        ) as spell
    from confirmed

),

tiers as (

    select
        spells.*,
        coalesce(
            max(spells.confirmed_tier) over (partition by spells.customer_id, spells.spell),
            spells.carried_tier
        ) as tier
    from spells

)

select
    tiers.customer_id,
    tiers.as_of_date,
    tiers.tier,
    tiers.raw_tier,
    'revenue' as value_basis,
    tiers.is_window_complete,
    tiers.revenue_1m,
    tiers.revenue_3m,
    tiers.revenue_6m,
    tiers.revenue_12m,
    tiers.returned_amount_12m,
    {{ ratio('tiers.returned_amount_12m', 'tiers.invoiced_amount_12m') }} as return_ratio_12m,
    tiers.purchases_12m,
    {{ ratio('tiers.purchase_amount_12m', 'tiers.purchases_12m') }} as basket_value_12m,
    tiers.product_count_12m,
    tiers.line_count_12m,
    tiers.lifetime_revenue,
    tiers.lifetime_purchase_count,
    tiers.days_since_purchase,
    case
        when tiers.revenue_year_before_6m > 0
            then {{ ratio('tiers.revenue_6m', 'tiers.revenue_year_before_6m') }} - 1
    end as value_trend,
    case
        when tiers.last_purchase_date is not null
            then {{ cutoff_score('tiers.days_since_purchase', 'recency_cutoffs', false) }}
    end as recency_score,
    case
        when tiers.last_purchase_date is not null
            then {{ cutoff_score('tiers.purchases_12m', 'frequency_cutoffs') }}
    end as frequency_score,
    case
        when tiers.last_purchase_date is not null
            then {{ cutoff_score('tiers.revenue_12m', 'monetary_cutoffs') }}
    end as monetary_score,
    coalesce(recency_cutoffs.is_provisional, true) as is_rfm_provisional
from tiers
left join recency_cutoffs on tiers.as_of_date = recency_cutoffs.as_of_date
left join frequency_cutoffs on tiers.as_of_date = frequency_cutoffs.as_of_date
left join monetary_cutoffs on tiers.as_of_date = monetary_cutoffs.as_of_date
