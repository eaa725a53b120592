{#- Grain: one row per profile and measure in force at the run's last month: whether it is what a
    measure should be (handbook C1): measurable, attainable, relevant and timely. Each says nothing
    where it cannot be told. -#}
with last_months as (

    select run_window.last_month
    from {{ ref('stg_control__run_window') }} as run_window

),

used as (

    select weights.*
    from {{ ref('scr_weights') }} as weights
    inner join last_months on weights.as_of_date = last_months.last_month
    inner join {{ ref('scr_profile_months') }} as profiles
        on weights.profile = profiles.profile and weights.as_of_date = profiles.as_of_date
    where weights.node_kind = 'measure'

),

tier_months as (

    select measure_tiers.*
    from {{ ref('scr_measure_tiers') }} as measure_tiers
    inner join last_months on measure_tiers.as_of_date <= last_months.last_month

),

-- The best month of each tier with enough of those who have a value. Tier D is not judged: it is
-- made of those without any value in twelve months, and most of them have left.
tier_bests as (

    select
        tier_months.indicator_id,
        tier_months.tier,
        max({{ ratio('tier_months.reached', 'tier_months.peers') }}) as reached_ratio
    from tier_months
    where
        tier_months.reached is not null
        and tier_months.peers >= {{ var('min_n') }}
        and tier_months.tier <> 'D'
    group by tier_months.indicator_id, tier_months.tier

),

-- A target is there for piecewise scoring alone. As a column, so that rows are looked up by it.
bests as (

    select
        tier_bests.indicator_id,
        'piecewise' as scoring,
        min(tier_bests.reached_ratio) as lowest_reached_ratio,
        {{ dbt.listagg(
            'case when tier_bests.reached_ratio < ' ~ var('attainable_ratio')
            ~ ' then tier_bests.tier end',
            "', '", 'order by tier_bests.tier'
        ) }} as tiers_out_of_reach,
        count(*) as judged_tiers
    from tier_bests
    group by tier_bests.indicator_id

),

-- The newest month with a value; what is carried has an age of its own.
newest as (

    select
        tier_months.indicator_id,
        max(case when tier_months.peers > 0 then tier_months.as_of_date end) as newest_month
    from tier_months
    group by tier_months.indicator_id

),

ages as (

    select
        tier_months.indicator_id,
        {{ ratio('sum(tier_months.age_days_sum)', 'sum(tier_months.peers)') }} as mean_age_days
    from tier_months
    inner join newest
        on
            tier_months.indicator_id = newest.indicator_id
            and tier_months.as_of_date = newest.newest_month
    where tier_months.age_days_sum is not null
    group by tier_months.indicator_id

),

joined as (

    select
        used.profile,
        used.node_id as measure,
        used.indicator_id,
        used.scoring,
        newest.newest_month,
        bests.lowest_reached_ratio,
        bests.tiers_out_of_reach,
        coalesce(bests.judged_tiers, 0) as judged_tiers,
        objectives.objective,
        indicators.freshness_days,
        {{ days_between('newest.newest_month', 'last_months.last_month') }} as months_age_days,
        ages.mean_age_days
    from used
    cross join last_months
    left join {{ ref('indicators') }} as indicators
        on
            used.indicator_id = indicators.indicator_id
            and indicators.mart in ('{{ measured_marts() | join("', '") }}')
    left join {{ ref('indicator_objectives') }} as objectives
        on used.indicator_id = objectives.indicator_id
    left join newest on used.indicator_id = newest.indicator_id
    left join ages on used.indicator_id = ages.indicator_id
    left join bests
        on used.indicator_id = bests.indicator_id and used.scoring = bests.scoring

)

select
    joined.profile,
    joined.measure,
    joined.indicator_id,
    joined.scoring,
    joined.newest_month is not null as is_measurable,
    joined.lowest_reached_ratio >= {{ var('attainable_ratio') }} as is_attainable,
    round(joined.lowest_reached_ratio, 6) as lowest_reached_ratio,
    joined.tiers_out_of_reach,
    cast(joined.judged_tiers as integer) as judged_tiers,
    joined.objective is not null as is_relevant,
    joined.objective,
    joined.months_age_days + coalesce(joined.mean_age_days, 0) <= joined.freshness_days
        as is_timely,
    round(joined.months_age_days + coalesce(joined.mean_age_days, 0), 6) as age_days,
    cast(joined.freshness_days as integer) as freshness_days
from joined
