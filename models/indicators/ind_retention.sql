{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: who is active, for how long, how regularly, and how
    deep the relationship is (handbook C15). The amount in it is what stands for value in the whole
    company. -#}
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

activity as (

    select * from {{ ref('ind_activity') }}

),

measured as (

    select
        windows.customer_id,
        windows.as_of_date,
        windows.tenure_days,
        windows.is_tenure_censored,
        windows.first_purchase_date,
        windows.last_purchase_date,
        windows.purchases_12m,
        ind_value.value_12m,
        activity.is_active,
        activity.activity_days,
        case
            when windows.last_purchase_date is null then null
            when windows.purchases_12m = 0 then 0
            else {{ ratio('windows.purchases_12m - 1', 'windows.purchases_12m') }}
        end as repeat_rate_12m,
        -- Three purchases in the window make at least two gaps.
        case
            when windows.purchases_12m >= 3 and windows.gap_count_12m >= 2 then
                sqrt(greatest(
                    cast(windows.gap_days_squared_sum_12m as double)
                    - cast(windows.gap_days_sum_12m as double) * windows.gap_days_sum_12m
                    / windows.gap_count_12m,
                    0
                ) / (windows.gap_count_12m - 1))
                / {{ ratio('windows.gap_days_sum_12m', 'windows.gap_count_12m') }}
        end as gap_cv_12m,
        {{ ratio('windows.gap_days_sum_12m', 'windows.gap_count_12m') }} as gap_days_mean_12m,
        -- As for regularity: at least two gaps.
        case
            when windows.purchases_12m >= 3 and windows.gap_count_12m >= 2
                then {{ ratio(
                    'windows.days_since_purchase * windows.gap_count_12m',
                    'windows.gap_days_sum_12m'
                ) }}
        end as purchase_delay_ratio_12m,
        -- What a contract bills is no decision to buy, so the window must hold no day of one.
        case
            when windows.last_purchase_date is null then null
            when
                activity.subscribed_until is null
                or activity.subscribed_until
                <= {{ month_end_after('windows.as_of_date', -12) }}
                then windows.purchases_12m
        end as own_purchases_12m
    from windows
    left join activity
        on
            windows.customer_id = activity.customer_id
            and windows.as_of_date = activity.as_of_date
    left join {{ ref('ind_value') }} as ind_value
        on
            windows.customer_id = ind_value.customer_id
            and windows.as_of_date = ind_value.as_of_date

),

regular as (

    select
        measured.*,
        {{ clamp('1 - measured.gap_cv_12m', 0, 1) }} as purchase_regularity_12m
    from measured

),

-- Only customers who have bought are peers. Narrow rows, since each percentile sorts all of them.
parts as (

    select
        measured.customer_id,
        measured.as_of_date,
        measured.tenure_days,
        measured.purchases_12m,
        measured.value_12m
    from measured
    where measured.last_purchase_date is not null

),

percentiles as (

    select
        parts.customer_id,
        parts.as_of_date,
        {{ percentile_score('parts.tenure_days', 'parts.as_of_date') }} as duration_percentile,
        {{ percentile_score('parts.purchases_12m', 'parts.as_of_date') }} as frequency_percentile,
        {{ percentile_score('parts.value_12m', 'parts.as_of_date') }} as amount_percentile
    from parts

)

select
    regular.customer_id,
    regular.as_of_date,
    regular.is_active,
    regular.activity_days,
    regular.tenure_days,
    regular.is_tenure_censored,
    regular.repeat_rate_12m,
    regular.purchase_regularity_12m,
    regular.gap_days_mean_12m,
    regular.gap_cv_12m,
    regular.purchase_delay_ratio_12m,
    regular.own_purchases_12m,
    case
        when regular.last_purchase_date is null then null
        when regular.purchases_12m <= 0 or regular.value_12m <= 0 then 0
        when regular.tenure_days <= 0 then 0
        else power(
            percentiles.duration_percentile * percentiles.frequency_percentile
            * percentiles.amount_percentile,
            1.0 / 3
        )
    end as depth_index
from regular
left join percentiles
    on
        regular.customer_id = percentiles.customer_id
        and regular.as_of_date = percentiles.as_of_date
