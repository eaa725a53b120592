{#- Grain: one row per estimator version, scored month end and subject: each feature, the score, and
    apart from them the churn rate itself, once the outcomes of the month are over. Population
    stability index over bins fixed at training (handbook C25). -#}
{%- set floor = '0.000001' -%}
with shares as (

    select
        drift_counts.*,
        {{ ratio(
            'drift_counts.reference_count',
            'sum(drift_counts.reference_count) over (
                partition by drift_counts.estimator_version, drift_counts.as_of_date,
                drift_counts.subject_kind, drift_counts.subject
            )'
        ) }} as reference_share,
        {{ ratio(
            'drift_counts.row_count',
            'sum(drift_counts.row_count) over (
                partition by drift_counts.estimator_version, drift_counts.as_of_date,
                drift_counts.subject_kind, drift_counts.subject
            )'
        ) }} as row_share
    from {{ source('ml', 'drift_counts') }} as drift_counts

),

-- Contracts are known later than purchases: until all of a month are, those known are no sample.
outcomes as (

    select
        outcomes.estimator,
        outcomes.estimator_version,
        outcomes.as_of_date,
        count(case when outcomes.outcome_state = 'known' then 1 end) as case_count,
        count(case when outcomes.has_happened then 1 end) as happened_count
    from {{ ref('prediction_outcomes') }} as outcomes
    where outcomes.prediction_kind = 'churn'
    group by outcomes.estimator, outcomes.estimator_version, outcomes.as_of_date
    having
        count(case when outcomes.outcome_state = 'known' then 1 end) > 0
        and count(case when outcomes.outcome_state = 'pending' then 1 end) = 0

),

rates as (

    select
        outcomes.*,
        metrics.n as reference_count,
        metrics.value as reference_rate,
        {{ ratio('outcomes.happened_count', 'outcomes.case_count') }} as found_rate
    from outcomes
    inner join {{ source('ml', 'estimator_metrics') }} as metrics
        on
            outcomes.estimator = metrics.estimator
            and outcomes.estimator_version = metrics.estimator_version
            and metrics.slice = 'all'
            and metrics.metric = 'base_rate'

),

parts as (

    select
        shares.estimator,
        shares.estimator_version,
        shares.as_of_date,
        shares.subject_kind,
        shares.subject,
        shares.reference_count,
        shares.row_count as case_count,
        greatest(shares.reference_share, {{ floor }}) as expected,
        greatest(shares.row_share, {{ floor }}) as found
    from shares
    union all
    select
        rates.estimator,
        rates.estimator_version,
        rates.as_of_date,
        'base_rate' as subject_kind,
        'has_happened' as subject,
        rates.reference_count,
        rates.case_count,
        greatest(rates.reference_rate, {{ floor }}) as expected,
        greatest(rates.found_rate, {{ floor }}) as found
    from rates
    union all
    select
        rates.estimator,
        rates.estimator_version,
        rates.as_of_date,
        'base_rate' as subject_kind,
        'has_happened' as subject,
        cast(0 as bigint) as reference_count,
        cast(0 as bigint) as case_count,
        greatest(1 - rates.reference_rate, {{ floor }}) as expected,
        greatest(1 - rates.found_rate, {{ floor }}) as found
    from rates

),

indexed as (

    select
        parts.estimator,
        parts.estimator_version,
        parts.as_of_date,
        parts.subject_kind,
        parts.subject,
        sum(parts.reference_count) as reference_count,
        sum(parts.case_count) as case_count,
        -- Decimal, so that sums are the same in every run.
        cast(
            sum(cast(
                (parts.found - parts.expected) * ln(parts.found / parts.expected)
                as decimal(28, 12)
            )) as double
        ) as stability_index
    from parts
    group by
        parts.estimator,
        parts.estimator_version,
        parts.as_of_date,
        parts.subject_kind,
        parts.subject

),

judged as (

    select
        indexed.*,
        case
            when
                indexed.case_count >= {{ var('drift_min_n') }}
                and indexed.reference_count >= {{ var('drift_min_n') }}
                then round(indexed.stability_index, 6)
        end as published_index
    from indexed

)

select
    judged.estimator,
    judged.estimator_version,
    judged.as_of_date,
    judged.subject_kind,
    judged.subject,
    cast(judged.reference_count as bigint) as reference_count,
    cast(judged.case_count as bigint) as case_count,
    judged.published_index as stability_index,
    case
        when judged.published_index is null then null
        when judged.published_index < {{ var('drift_watch_from') }} then 'stable'
        when judged.published_index <= {{ var('drift_act_above') }} then 'watch'
        else 'act'
    end as drift_level
from judged
