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

-- Tiers are found on narrow rows, since each window sorts all of them.
-- Revenue of the customers strictly above: equal revenues share a tier.
shares as (

    select
        windows.customer_id,
        windows.as_of_date,
        windows.revenue_12m,
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
        shares.customer_id,
        shares.as_of_date,
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

),

scored as (

    select
        windows.customer_id,
        windows.as_of_date,
        tiers.tier,
        tiers.raw_tier,
        'revenue' as value_basis,
        windows.is_window_complete,
        windows.revenue_1m,
        windows.revenue_3m,
        windows.revenue_6m,
        windows.revenue_12m,
        windows.returned_amount_12m,
        {{ ratio('windows.returned_amount_12m', 'windows.invoiced_amount_12m') }}
            as return_ratio_12m,
        windows.purchases_12m,
        {{ ratio('windows.purchase_amount_12m', 'windows.purchases_12m') }} as basket_value_12m,
        windows.product_count_12m,
        windows.line_count_12m,
        windows.line_count_trend,
        windows.lifetime_line_count,
        windows.lifetime_revenue,
        windows.lifetime_purchase_count,
        windows.days_since_purchase,
        case
            when windows.revenue_year_before_6m > 0
                then {{ ratio('windows.revenue_6m', 'windows.revenue_year_before_6m') }} - 1
        end as value_trend,
        case
            when windows.last_purchase_date is not null
                then {{ cutoff_score('windows.days_since_purchase', 'recency_cutoffs', false) }}
        end as recency_score,
        case
            when windows.last_purchase_date is not null
                then {{ cutoff_score('windows.purchases_12m', 'frequency_cutoffs') }}
        end as frequency_score,
        case
            when windows.last_purchase_date is not null
                then {{ cutoff_score('windows.revenue_12m', 'monetary_cutoffs') }}
        end as monetary_score,
        coalesce(recency_cutoffs.is_provisional, true) as is_rfm_provisional
    from windows
    inner join tiers
        on windows.customer_id = tiers.customer_id and windows.as_of_date = tiers.as_of_date
    left join recency_cutoffs on windows.as_of_date = recency_cutoffs.as_of_date
    left join frequency_cutoffs on windows.as_of_date = frequency_cutoffs.as_of_date
    left join monetary_cutoffs on windows.as_of_date = monetary_cutoffs.as_of_date

)

select
    scored.*,
    nullif(concat(
        cast(scored.recency_score as varchar), cast(scored.frequency_score as varchar),
        cast(scored.monetary_score as varchar)
    ), '') as rfm_score
from scored
