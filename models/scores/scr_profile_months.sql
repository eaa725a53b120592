{#- Grain: one row per profile that scores customers and month end. -#}
with profiles as (

    select
        scorecards.*,
        lead(scorecards.valid_from) over (
            partition by scorecards.profile order by scorecards.valid_from
        ) as valid_until,
        -- What a score is compared with holds for the whole history, as a change is of two months.
        first_value(scorecards.trend_months) over (
            partition by scorecards.profile order by scorecards.valid_from desc
        ) as newest_trend_months
    from {{ ref('scorecards') }} as scorecards
    where scorecards.subject = 'customer'

),

-- Summed as decimal, so that a limit is met in every run alike.
measured as (

    select
        weights.profile,
        weights.as_of_date,
        sum(
            case
                when measure_months.measured_customers > 0
                    then cast(weights.global_weight as decimal(18, 9))
                else 0
            end
        ) as measured_weight
    from {{ ref('scr_weights') }} as weights
    left join {{ ref('scr_measure_months') }} as measure_months
        on
            weights.as_of_date = measure_months.as_of_date
            and weights.indicator_id = measure_months.indicator_id
            and weights.scoring = measure_months.scoring
    where weights.node_kind = 'measure'
    group by weights.profile, weights.as_of_date

)

select
    profiles.profile,
    measured.as_of_date,
    {{ month_end_after('measured.as_of_date', '-profiles.newest_trend_months') }} as previous_date,
    profiles.kind,
    profiles.account_rollup,
    profiles.newest_trend_months as trend_months,
    cast(profiles.dead_band_points as double) as dead_band_points,
    cast(profiles.dead_band_sigmas as double) as dead_band_sigmas,
    cast(measured.measured_weight as double) as measured_weight,
    -- Each weight was rounded to nine decimals: their sum may miss the limit by a hair.
    round(measured.measured_weight, 6) >= {{ var('min_coverage') }} as is_applied
from profiles
inner join measured on profiles.profile = measured.profile
where {{ holds_on('measured.as_of_date', 'profiles.valid_from', 'profiles.valid_until') }}
