{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'review_date'},
) }}
{#- Grain: one row per yearly review and tier: after how many days without a purchase a customer of
    the tier counts as gone. P90 of the gaps between purchases known at the review, clamped; learnt
    monthly and not clamped it would grow with the length of the history (handbook C7). -#}
with run_months as (

    {{ run_months() }}

),

billing as (

    select systems.measured_from
    from {{ ref('stg_control__systems') }} as systems
    where systems.source_system = 'billing'

),

reviews as (

    select months.as_of_date as review_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    cross join billing
    where {{ is_review_month('months.as_of_date', 'billing.measured_from') }}

),

gaps as (

    select
        purchases.customer_id,
        purchases.month_end,
        {{ days_between(
            'lag(purchases.purchase_date) over (partition by purchases.customer_id '
            ~ 'order by purchases.purchase_date)',
            'purchases.purchase_date'
        ) }} as gap_days
    from {{ ref('int_purchases') }} as purchases
    where purchases.month_end <= (select max(reviews.review_date) from reviews)

),

gaps_by_tier as (

    select
        reviews.review_date,
        ind_value.tier,
        gaps.gap_days
    from gaps
    inner join reviews on gaps.month_end <= reviews.review_date
    inner join {{ ref('ind_value') }} as ind_value
        on gaps.customer_id = ind_value.customer_id and gaps.month_end = ind_value.as_of_date
    where gaps.gap_days is not null

),

learnt as (

    select
        gaps_by_tier.review_date,
        gaps_by_tier.tier,
        cast(count(*) as integer) as gap_count,
        percentile_disc(0.9) within group (order by gaps_by_tier.gap_days) as gap_days_p90
    from gaps_by_tier
    group by gaps_by_tier.review_date, gaps_by_tier.tier

)

select
    learnt.review_date,
    learnt.tier,
    learnt.gap_count,
    learnt.gap_days_p90,
    case
        when learnt.gap_count < {{ var('min_n') }} then {{ var('activity_days_max') }}
        else {{ clamp('learnt.gap_days_p90', var('activity_days_min'), var('activity_days_max')) }}
    end as activity_days
from learnt
