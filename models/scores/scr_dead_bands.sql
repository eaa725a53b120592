{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, profile and tier. How far scores of the tier usually move in a
    month: 1.4826 times the median absolute deviation over the twelve months before. -#}
with run_months as (

    {{ run_months() }}

),

year_before as (

    select
        months.as_of_date,
        change_counts.profile,
        change_counts.tier,
        change_counts.score_change as value,
        sum(change_counts.customers) as customers
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    inner join {{ ref('scr_change_counts') }} as change_counts
        on
            months.as_of_date > change_counts.as_of_date
            and {{ month_end_after('months.as_of_date', -12) }} <= change_counts.as_of_date
    group by
        months.as_of_date, change_counts.profile, change_counts.tier, change_counts.score_change

),

medians as (

    {{ median_by_tier('year_before') }}

),

deviations as (

    select
        year_before.as_of_date,
        year_before.profile,
        year_before.tier,
        abs(year_before.value - medians.middle) as value,
        sum(year_before.customers) as customers
    from year_before
    inner join medians
        on
            year_before.as_of_date = medians.as_of_date
            and year_before.profile = medians.profile
            and year_before.tier = medians.tier
    group by
        year_before.as_of_date,
        year_before.profile,
        year_before.tier,
        abs(year_before.value - medians.middle)

),

spreads as (

    {{ median_by_tier('deviations') }}

)

select
    spreads.as_of_date,
    spreads.profile,
    spreads.tier,
    1.4826 * cast(spreads.middle as double) as usual_change
from spreads
