{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

),

scores as (

    select
        scores.*,
        round(scores.score, 6) as published_score,
        applied.kind,
        versions.config_version,
        applied.previous_date,
        applied.dead_band_points,
        applied.dead_band_sigmas
    from {{ ref('scr_scores') }} as scores
    inner join run_months
        on
            scores.as_of_date >= run_months.first_month
            and scores.as_of_date <= run_months.last_month
    inner join {{ ref('scr_profile_months') }} as applied
        on scores.profile = applied.profile and scores.as_of_date = applied.as_of_date
    inner join {{ ref('scr_config_versions') }} as versions
        on scores.as_of_date = versions.as_of_date

),

bands as (

    {{ bands_in_force(ref('scr_profile_months')) }}

),

compared as (

    select
        scores.*,
        earlier.score as earlier_score,
        greatest(
            scores.dead_band_points,
            scores.dead_band_sigmas * coalesce(dead_bands.usual_change, 0)
        ) as dead_band,
        changes.value_change,
        changes.scale_change,
        changes.configuration_change,
        changes.coverage_change,
        case
            when changes.customer_id is not null then
                (scores.score_before_override - scores.score_before_exceptions)
                - (earlier.score_before_override - earlier.score_before_exceptions)
        end as exception_change,
        case
            when changes.customer_id is not null then
                (scores.score - scores.score_before_override)
                - (earlier.score - earlier.score_before_override)
            -- Of a score that could not be computed nothing else is known.
            when scores.override_value is not null or earlier.override_value is not null
                then scores.score - earlier.score
        end as override_change
    from scores
    left join {{ ref('scr_scores') }} as earlier
        on
            scores.customer_id = earlier.customer_id
            and scores.profile = earlier.profile
            and scores.previous_date = earlier.as_of_date
    left join {{ ref('scr_score_changes') }} as changes
        on
            scores.customer_id = changes.customer_id
            and scores.profile = changes.profile
            and scores.as_of_date = changes.as_of_date
    left join {{ ref('scr_dead_bands') }} as dead_bands
        on
            scores.profile = dead_bands.profile
            and scores.tier = dead_bands.tier
            and scores.as_of_date = dead_bands.as_of_date

),

banded as (

    select
        compared.*,
        -- A person's word comes after the rules: the band is then that of the score set.
        case
            when compared.override_value is not null then bands.band
            else coalesce(compared.forced_band, bands.band)
        end as band,
        case when compared.kind = 'health' then predictions.churn_probability end
            as churn_probability,
        case when compared.kind = 'health' then predictions.risk_band end as risk_band
    from compared
    left join bands
        on
            compared.profile = bands.profile
            and compared.as_of_date = bands.as_of_date
            and compared.published_score >= bands.lower_bound
            and compared.published_score < bands.upper_limit
    left join {{ ref('predictions') }} as predictions
        on
            compared.customer_id = predictions.customer_id
            and compared.as_of_date = predictions.as_of_date

)

select
    banded.customer_id,
    banded.as_of_date,
    banded.profile,
    banded.kind,
    banded.tier,
    banded.value_basis,
    banded.published_score as score,
    round(banded.coverage, 6) as coverage,
    banded.band,
    case when banded.published_score is null then 'insufficient_evidence' else 'published' end
        as status,
    cast(banded.measure_count as integer) as measure_count,
    round(banded.score_before_exceptions, 6) as score_before_exceptions,
    banded.exception_id,
    round(banded.score_before_override, 6) as score_before_override,
    banded.override_value is not null as is_overridden,
    banded.override_author,
    banded.override_team,
    banded.override_reason,
    banded.override_until,
    banded.previous_date,
    round(banded.earlier_score, 6) as previous_score,
    {{ six_decimals('banded.score - banded.earlier_score') }} as score_change,
    round(banded.dead_band, 6) as dead_band,
    {{ trend_of('banded.score', 'banded.earlier_score', 'banded.dead_band') }} as trend,
    {{ six_decimals('banded.value_change') }} as value_change,
    {{ six_decimals('banded.scale_change') }} as scale_change,
    {{ six_decimals('banded.configuration_change') }} as configuration_change,
    {{ six_decimals('banded.coverage_change') }} as coverage_change,
    {{ six_decimals('banded.exception_change') }} as exception_change,
    {{ six_decimals('banded.override_change') }} as override_change,
    banded.best_lever,
    round(banded.best_lever_gain, 6) as best_lever_gain,
    round(banded.current_value_score, 6) as current_value_score,
    round(banded.current_value_coverage, 6) as current_value_coverage,
    round(banded.potential_score, 6) as potential_score,
    round(banded.potential_coverage, 6) as potential_coverage,
    round(banded.relationship_score, 6) as relationship_score,
    round(banded.relationship_coverage, 6) as relationship_coverage,
    banded.churn_probability,
    banded.risk_band,
    coalesce(
        (banded.band = 'green' and banded.risk_band = 'red')
        or (banded.band = 'red' and banded.risk_band = 'green'),
        false
    ) as is_contradiction,
    banded.config_version
from banded
