{#- Grain: one row per profile that scores the portfolio and month end. Each month is computed:
    where too little is measured there is no score, but what is measured stands beside its target.
-#}
with profiles as (

    select
        scorecards.*,
        lead(scorecards.valid_from) over (
            partition by scorecards.profile order by scorecards.valid_from
        ) as valid_until,
        first_value(scorecards.trend_months) over (
            partition by scorecards.profile order by scorecards.valid_from desc
        ) as newest_trend_months
    from {{ ref('scorecards') }} as scorecards
    where scorecards.subject = 'portfolio'

)

select
    profiles.profile,
    months.as_of_date,
    {{ month_end_after('months.as_of_date', '-profiles.newest_trend_months') }} as previous_date,
    profiles.kind,
    profiles.newest_trend_months as trend_months,
    cast(profiles.dead_band_points as double) as dead_band_points,
    cast(profiles.dead_band_sigmas as double) as dead_band_sigmas,
    true as is_applied
from profiles
inner join {{ ref('int_months') }} as months
    on {{ holds_on('months.as_of_date', 'profiles.valid_from', 'profiles.valid_until') }}
