{#- Grain: one row per kind of prediction, subject, estimator version, method, month end and band
    (`all`: every band). Did what was published come true as often as it said? Empty where no
    outcome is over yet. -#}
with banded as (

    select
        outcomes.*,
        outcomes.risk_band as counted_in
    from {{ ref('prediction_outcomes') }} as outcomes
    where outcomes.risk_band is not null
    union all
    select
        outcomes.*,
        'all' as counted_in
    from {{ ref('prediction_outcomes') }} as outcomes

),

counted as (

    select
        banded.prediction_kind,
        banded.subject,
        banded.estimator,
        banded.estimator_version,
        banded.method,
        banded.as_of_date,
        banded.counted_in as risk_band,
        count(*) as published_count,
        count(case when banded.outcome_state = 'pending' then 1 end) as pending_count,
        count(case when banded.outcome_state in ('not_judged', 'lost') then 1 end)
            as unjudged_count,
        count(case when banded.outcome_state = 'known' then 1 end) as known_count,
        count(case when banded.has_happened then 1 end) as happened_count,
        {{ mean("case when banded.outcome_state = 'known' then banded.probability end") }}
            as expected_ratio,
        {{ mean(
            "case when banded.outcome_state = 'known' then power(banded.probability"
            ~ " - case when banded.has_happened then 1 else 0 end, 2) end",
            scale=12
        ) }} as brier_score
    from banded
    group by
        banded.prediction_kind,
        banded.subject,
        banded.estimator,
        banded.estimator_version,
        banded.method,
        banded.as_of_date,
        banded.counted_in

),

rated as (

    select
        counted.*,
        {{ rate_columns('happened', 'counted.happened_count', 'counted.known_count') }}
    from counted

)

select
    rated.prediction_kind,
    rated.subject,
    rated.estimator,
    rated.estimator_version,
    rated.method,
    rated.as_of_date,
    rated.risk_band,
    cast(rated.published_count as integer) as published_count,
    cast(rated.pending_count as integer) as pending_count,
    cast(rated.unjudged_count as integer) as unjudged_count,
    cast(rated.known_count as integer) as known_count,
    cast(rated.happened_count as integer) as happened_count,
    round(rated.expected_ratio, 6) as expected_ratio,
    round(rated.happened_ratio, 6) as happened_ratio,
    round(rated.happened_low, 6) as happened_low,
    round(rated.happened_high, 6) as happened_high,
    rated.is_happened_low_n,
    case
        when rated.known_count >= {{ var('min_n') }}
            then
                rated.expected_ratio < rated.happened_low
                or rated.expected_ratio > rated.happened_high
    end as is_off,
    round(rated.brier_score, 6) as brier_score
from rated
