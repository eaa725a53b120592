{#- Grain: one row per month end (newest months), profile, value tier or all of them, and what the
    mean score is made of: its measures, and what exceptions and overrides did. -#}
with months as (

    {{ explained_months() }}

),

scored as (

    select
        scores.customer_id,
        scores.as_of_date,
        scores.profile,
        groups.tier,
        scores.score,
        scores.score_before_exceptions,
        scores.score_before_override
    from {{ ref('customer_scorecard') }} as scores
    inner join months
        on
            scores.as_of_date >= months.first_month
            and scores.as_of_date <= months.last_month
    inner join {{ ref('scr_groups') }} as groups on scores.tier = groups.customer_tier
    where scores.score is not null

),

totals as (

    select
        scored.as_of_date,
        scored.profile,
        scored.tier,
        count(*) as scored_count,
        -- A person may set a score where none could be computed: it is all override then.
        sum(
            cast(
                coalesce(scored.score_before_override - scored.score_before_exceptions, 0)
                as decimal(28, 6)
            )
        ) as exception_points,
        sum(cast(scored.score - coalesce(scored.score_before_override, 0) as decimal(28, 6)))
            as override_points
    from scored
    group by scored.as_of_date, scored.profile, scored.tier

),

measured as (

    select
        scored.as_of_date,
        scored.profile,
        scored.tier,
        measures.measure,
        max(measures.dimension) as dimension,
        max(measures.indicator_id) as indicator_id,
        max(measures.label) as label,
        max(measures.label_zh) as label_zh,
        count(measures.score) as measured_count,
        {{ mean('measures.raw_value') }} as mean_raw_value,
        {{ mean('measures.score') }} as mean_measure_score,
        sum(cast(coalesce(measures.effective_weight, 0) as decimal(28, 6))) as weights,
        sum(cast(coalesce(measures.contribution, 0) as decimal(28, 6))) as points
    from scored
    inner join {{ ref('customer_scorecard_measures') }} as measures
        on
            scored.customer_id = measures.customer_id
            and scored.as_of_date = measures.as_of_date
            and scored.profile = measures.profile
    group by scored.as_of_date, scored.profile, scored.tier, measures.measure

),

causes as (

    select
        measured.as_of_date,
        measured.profile,
        measured.tier,
        measured.measure as cause,
        'measure' as cause_kind,
        measured.dimension,
        measured.indicator_id,
        measured.label,
        measured.label_zh,
        measured.measured_count,
        measured.mean_raw_value,
        measured.mean_measure_score,
        measured.weights,
        measured.points
    from measured
    {%- for cause in ['exception', 'override'] %}
    union all
    select
        totals.as_of_date,
        totals.profile,
        totals.tier,
        '{{ cause }}' as cause,
        '{{ cause }}' as cause_kind,
        cast(null as varchar) as dimension,
        cast(null as varchar) as indicator_id,
        cast(null as varchar) as label,
        cast(null as varchar) as label_zh,
        cast(null as bigint) as measured_count,
        cast(null as double) as mean_raw_value,
        cast(null as double) as mean_measure_score,
        cast(null as decimal(28, 6)) as weights,
        totals.{{ cause }}_points as points
    from totals
    {%- endfor %}

)

select
    causes.as_of_date,
    causes.profile,
    causes.tier,
    causes.cause,
    causes.cause_kind,
    causes.dimension,
    causes.indicator_id,
    causes.label,
    causes.label_zh,
    cast(totals.scored_count as integer) as scored_count,
    cast(causes.measured_count as integer) as measured_count,
    round(causes.mean_raw_value, 6) as mean_raw_value,
    round(causes.mean_measure_score, 6) as mean_measure_score,
    round({{ ratio('causes.weights', 'totals.scored_count') }}, 6) as mean_effective_weight,
    {{ six_decimals(ratio('causes.points', 'totals.scored_count')) }} as contribution
from causes
inner join totals
    on
        causes.as_of_date = totals.as_of_date
        and causes.profile = totals.profile
        and causes.tier = totals.tier
