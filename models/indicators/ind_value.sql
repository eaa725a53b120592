{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. Revenue, gross margin, RFM and tier (handbook C10,
    C11). What is judged by value uses the company's basis of the month: margin where unit costs are
    known, else revenue, and says so. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    select
        customer_windows.*,
        coalesce(value_basis.value_basis, 'revenue') as value_basis,
        coalesce(value_basis.is_margin_measured, false) as is_margin_measured,
        {{ value_12m('customer_windows', 'value_basis') }} as value_12m,
        case
            when value_basis.is_margin_measured
                then {{ window_margin(
                    'customer_windows', 'customer_windows.revenue_12m', suffix='_12m'
                ) }}
        end as measured_margin_12m,
        case
            when value_basis.is_margin_measured
                then {{ window_margin(
                    'customer_windows', 'customer_windows.lifetime_revenue', prefix='lifetime_'
                ) }}
        end as historic_margin
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join run_months
        on
            customer_windows.as_of_date >= run_months.first_month
            and customer_windows.as_of_date <= run_months.last_month
    left join {{ ref('ind_value_basis') }} as value_basis
        on customer_windows.as_of_date = value_basis.as_of_date

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
-- Value of the customers strictly above: equal values share a tier.
shares as (

    select
        windows.customer_id,
        windows.as_of_date,
        windows.value_12m,
        sum(case when windows.value_12m > 0 then windows.value_12m else 0 end) over (
            partition by windows.as_of_date
        ) as positive_value,
        sum(case when windows.value_12m > 0 then windows.value_12m else 0 end) over (
            partition by windows.as_of_date order by windows.value_12m desc
            range between unbounded preceding and current row
        ) - case when windows.value_12m > 0 then windows.value_12m else 0 end * count(*) over (
            partition by windows.as_of_date, windows.value_12m
        ) as value_above
    from windows

),

raw_tiers as (

    select
        shares.customer_id,
        shares.as_of_date,
        case
            when shares.value_12m <= 0 then 'D'
            when shares.value_above < 0.80 * shares.positive_value then 'A'
            when shares.value_above < 0.95 * shares.positive_value then 'B'
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
        windows.value_basis,
        windows.value_12m,
        windows.value_basis = 'margin' and windows.measured_margin_12m is null
            as is_value_estimated,
        windows.is_window_complete,
        windows.revenue_1m,
        windows.revenue_3m,
        windows.revenue_6m,
        windows.revenue_12m,
        windows.measured_margin_12m as gross_margin_12m,
        case
            when windows.revenue_12m > 0
                then {{ ratio('windows.measured_margin_12m', 'windows.revenue_12m') }}
        end as gross_margin_ratio_12m,
        case
            when windows.is_margin_measured
                then {{ ratio('windows.costed_turnover_12m', 'windows.turnover_12m') }}
        end as margin_coverage_12m,
        cast(windows.historic_margin as decimal(18, 4)) as historic_margin,
        {{ ratio(
            'windows.historic_margin',
            months_between(month_end('windows.first_seen_date'), 'windows.as_of_date') ~ ' + 1'
        ) }} as mean_monthly_margin,
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
            when windows.value_basis = 'revenue' and windows.revenue_year_before_6m > 0
                then {{ ratio('windows.revenue_6m', 'windows.revenue_year_before_6m') }} - 1
            when
                windows.value_basis = 'margin'
                and windows.gross_margin_year_before_6m > 0
                and windows.uncosted_turnover_6m
                <= (1 - {{ var('margin_coverage_min') }}) * abs(windows.revenue_6m)
                and windows.uncosted_turnover_year_before_6m
                <= (1 - {{ var('margin_coverage_min') }}) * abs(windows.revenue_year_before_6m)
                then
                    {{ ratio('windows.gross_margin_6m', 'windows.gross_margin_year_before_6m') }}
                    - 1
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
                then {{ cutoff_score('windows.value_12m', 'monetary_cutoffs') }}
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
