{#- Grain: one row per profile and span: each month end whose outcomes are all known, and all of
    them together (handbook C1). -#}
with final_months as (

    select
        outcome_counts.profile,
        outcome_counts.as_of_date,
        min(outcome_counts.as_of_date) over (partition by outcome_counts.profile) as first_date,
        max(outcome_counts.as_of_date) over (partition by outcome_counts.profile) as last_date
    from {{ ref('scr_outcome_counts') }} as outcome_counts
    group by outcome_counts.profile, outcome_counts.as_of_date
    having sum(outcome_counts.pending_count) = 0 and sum(outcome_counts.known_count) > 0

),

spans as (

    select
        final_months.profile,
        final_months.as_of_date,
        'month' as span,
        final_months.as_of_date as first_date,
        final_months.as_of_date as last_date
    from final_months
    union all
    select
        final_months.profile,
        final_months.as_of_date,
        'all_months' as span,
        final_months.first_date,
        final_months.last_date
    from final_months

),

counts as (

    select
        spans.profile,
        spans.span,
        spans.first_date,
        spans.last_date as as_of_date,
        outcome_counts.kind,
        outcome_counts.label_kind,
        outcome_counts.band,
        outcome_counts.score,
        sum(outcome_counts.known_count) as known_count,
        sum(outcome_counts.churned_count) as churned_count,
        sum(outcome_counts.expansion_known_count) as expansion_known_count,
        sum(outcome_counts.expanded_count) as expanded_count
    from spans
    inner join {{ ref('scr_outcome_counts') }} as outcome_counts
        on
            spans.profile = outcome_counts.profile
            and spans.as_of_date = outcome_counts.as_of_date
    group by
        spans.profile,
        spans.span,
        spans.first_date,
        spans.last_date,
        outcome_counts.kind,
        outcome_counts.label_kind,
        outcome_counts.band,
        outcome_counts.score

),

by_score as (

    select
        counts.profile,
        counts.span,
        counts.as_of_date,
        counts.score,
        sum(counts.churned_count) as churned,
        sum(counts.known_count - counts.churned_count) as stayed,
        sum(counts.expanded_count) as expanded,
        sum(counts.expansion_known_count - counts.expanded_count) as not_expanded
    from counts
    where counts.score is not null
    group by counts.profile, counts.span, counts.as_of_date, counts.score

),

-- Mann-Whitney: pairs of one who left and one who stayed with the higher score; a tie is half.
ranked as (

    select
        by_score.*,
        sum(by_score.stayed) over (
            partition by by_score.profile, by_score.span, by_score.as_of_date
            order by by_score.score desc
        ) as stayed_from_here,
        sum(by_score.not_expanded) over (
            partition by by_score.profile, by_score.span, by_score.as_of_date
            order by by_score.score
        ) as not_expanded_up_to_here
    from by_score

),

areas as (

    select
        ranked.profile,
        ranked.span,
        ranked.as_of_date,
        {{ ratio(
            'sum(ranked.churned * (2 * ranked.stayed_from_here - ranked.stayed))',
            '(2 * sum(ranked.churned) * sum(ranked.stayed))'
        ) }} as churn_auc,
        {{ ratio(
            'sum(ranked.expanded * (2 * ranked.not_expanded_up_to_here - ranked.not_expanded))',
            '(2 * sum(ranked.expanded) * sum(ranked.not_expanded))'
        ) }} as expansion_auc
    from ranked
    group by ranked.profile, ranked.span, ranked.as_of_date

),

-- The same among customers who leave alike: a contract ends, or no purchase comes. A company with
-- both has two shares of leavers, and a score that tells who has a contract would seem to tell
-- more, or less, than it does.
by_kind_and_score as (

    select
        counts.profile,
        counts.span,
        counts.as_of_date,
        counts.label_kind,
        counts.score,
        sum(counts.churned_count) as churned,
        sum(counts.known_count - counts.churned_count) as stayed
    from counts
    where counts.score is not null and counts.label_kind is not null
    group by
        counts.profile, counts.span, counts.as_of_date, counts.label_kind, counts.score

),

ranked_by_kind as (

    select
        by_kind_and_score.*,
        sum(by_kind_and_score.stayed) over (
            partition by
                by_kind_and_score.profile,
                by_kind_and_score.span,
                by_kind_and_score.as_of_date,
                by_kind_and_score.label_kind
            order by by_kind_and_score.score desc
        ) as stayed_from_here
    from by_kind_and_score

),

pairs_by_kind as (

    select
        ranked_by_kind.profile,
        ranked_by_kind.span,
        ranked_by_kind.as_of_date,
        sum(
            ranked_by_kind.churned
            * (2 * ranked_by_kind.stayed_from_here - ranked_by_kind.stayed)
        ) as won,
        2 * sum(ranked_by_kind.churned) * sum(ranked_by_kind.stayed) as pairs
    from ranked_by_kind
    group by
        ranked_by_kind.profile,
        ranked_by_kind.span,
        ranked_by_kind.as_of_date,
        ranked_by_kind.label_kind

),

areas_by_kind as (

    select
        pairs_by_kind.profile,
        pairs_by_kind.span,
        pairs_by_kind.as_of_date,
        {{ ratio('sum(pairs_by_kind.won)', 'sum(pairs_by_kind.pairs)') }} as churn_auc_same_kind
    from pairs_by_kind
    group by pairs_by_kind.profile, pairs_by_kind.span, pairs_by_kind.as_of_date

),

-- Until when the outcomes reach that the estimators behind a mart were trained on.
trained as (

    select
        case
            when estimators.estimator in ('churn', 'clv') then 'predictions'
            when estimators.estimator = 'upsell' then 'upsell_predictions'
        end as mart,
        max(estimators.labels_to) as labels_to
    from {{ ref('estimators') }} as estimators
    where
        estimators.status = 'published'
        and estimators.estimator in ('churn', 'clv', 'upsell')
    group by
        case
            when estimators.estimator in ('churn', 'clv') then 'predictions'
            when estimators.estimator = 'upsell' then 'upsell_predictions'
        end
    union all
    select
        'customer_value' as mart,
        max(estimators.labels_to) as labels_to
    from {{ ref('estimators') }} as estimators
    where estimators.status = 'published' and estimators.estimator in ('churn', 'clv', 'upsell')

),

-- A month of which an estimator in the score knew the outcome when it was trained: no forecast.
known_before as (

    select distinct
        weights.profile,
        weights.as_of_date
    from {{ ref('scr_weights') }} as weights
    inner join {{ ref('indicators') }} as indicators
        on weights.indicator_id = indicators.indicator_id
    inner join trained
        on indicators.mart = trained.mart and weights.as_of_date < trained.labels_to
    where weights.global_weight > 0

),

in_sample as (

    select
        spans.profile,
        spans.span,
        spans.last_date as as_of_date,
        count(known_before.as_of_date) > 0 as is_partly_in_sample
    from spans
    left join known_before
        on
            spans.profile = known_before.profile
            and spans.as_of_date = known_before.as_of_date
    group by spans.profile, spans.span, spans.last_date

),

-- Each leaver with a known day once: the first month end, of those within the six months before, at
-- which the band was red.
first_reds as (

    select
        leavers.customer_id,
        leavers.profile,
        leavers.churn_date,
        min(leavers.as_of_date) as first_red_date
    from {{ ref('scr_leavers') }} as leavers
    inner join final_months
        on leavers.profile = final_months.profile and leavers.as_of_date = final_months.as_of_date
    where leavers.band = 'red' and leavers.churn_date is not null
    group by leavers.customer_id, leavers.profile, leavers.churn_date

),

lead_times as (

    select
        first_reds.profile,
        spans.span,
        spans.last_date as as_of_date,
        count(*) as lead_time_count,
        percentile_disc(0.5) within group (
            order by {{ days_between('first_reds.first_red_date', 'first_reds.churn_date') }}
        ) as lead_time_days_median
    from first_reds
    inner join spans
        on
            first_reds.profile = spans.profile
            and first_reds.first_red_date = spans.as_of_date
    group by first_reds.profile, spans.span, spans.last_date

),

totals as (

    select
        counts.profile,
        counts.span,
        counts.as_of_date,
        counts.first_date,
        counts.kind,
        sum(case when counts.score is null then counts.known_count else 0 end) as unscored_count,
        sum(case when counts.score is null then counts.churned_count else 0 end)
            as unscored_churned_count,
        sum(case when counts.score is not null then counts.known_count else 0 end)
            as customer_count,
        sum(case when counts.score is not null then counts.churned_count else 0 end)
            as churned_count,
        {%- for band in ['green', 'amber', 'red'] %}
        sum(case when counts.band = '{{ band }}' then counts.known_count else 0 end)
            as {{ band }}_count,
        sum(case when counts.band = '{{ band }}' then counts.churned_count else 0 end)
            as {{ band }}_churned_count,
        sum(case when counts.band = '{{ band }}' then counts.expansion_known_count else 0 end)
            as {{ band }}_expansion_known_count,
        sum(case when counts.band = '{{ band }}' then counts.expanded_count else 0 end)
            as {{ band }}_expanded_count,
        {%- endfor %}
        sum(case when counts.score is not null then counts.expansion_known_count else 0 end)
            as expansion_known_count,
        sum(case when counts.score is not null then counts.expanded_count else 0 end)
            as expanded_count
    from counts
    group by counts.profile, counts.span, counts.as_of_date, counts.first_date, counts.kind

)

select
    totals.profile,
    totals.span,
    totals.as_of_date,
    totals.first_date,
    totals.kind,
    in_sample.is_partly_in_sample,
    cast(totals.unscored_count as integer) as unscored_count,
    cast(totals.unscored_churned_count as integer) as unscored_churned_count,
    cast(totals.customer_count as integer) as customer_count,
    cast(totals.churned_count as integer) as churned_count,
    {{ rate_columns('churn', 'totals.churned_count', 'totals.customer_count') }},
    round(areas.churn_auc, 6) as churn_auc,
    round(areas_by_kind.churn_auc_same_kind, 6) as churn_auc_same_kind,
    {%- for band in ['green', 'amber', 'red'] %}
    cast(totals.{{ band }}_count as integer) as {{ band }}_count,
    cast(totals.{{ band }}_churned_count as integer) as {{ band }}_churned_count,
    {{ rate_columns(
        band ~ '_churn', 'totals.' ~ band ~ '_churned_count', 'totals.' ~ band ~ '_count'
    ) }},
    {%- endfor %}
    case
        when totals.green_count > 0 and totals.amber_count > 0 and totals.red_count > 0
            then
                {{ ratio('totals.red_churned_count', 'totals.red_count') }}
                > {{ ratio('totals.amber_churned_count', 'totals.amber_count') }}
                and {{ ratio('totals.amber_churned_count', 'totals.amber_count') }}
                > {{ ratio('totals.green_churned_count', 'totals.green_count') }}
    end as is_monotone,
    round({{ ratio(
        ratio('totals.red_churned_count', 'totals.red_count'),
        ratio('totals.green_churned_count', 'totals.green_count')
    ) }}, 6) as red_to_green_ratio,
    {{ rate_columns('recall', 'totals.red_churned_count', 'totals.churned_count') }},
    cast(totals.customer_count - totals.churned_count as integer) as stayed_count,
    {{ rate_columns(
        'false_alarm',
        '(totals.red_count - totals.red_churned_count)',
        '(totals.customer_count - totals.churned_count)'
    ) }},
    cast(coalesce(lead_times.lead_time_count, 0) as integer) as lead_time_count,
    cast(lead_times.lead_time_days_median as integer) as lead_time_days_median,
    cast(totals.expansion_known_count as integer) as expansion_known_count,
    cast(totals.expanded_count as integer) as expanded_count,
    {{ rate_columns('expansion', 'totals.expanded_count', 'totals.expansion_known_count') }},
    {%- for band in ['green', 'amber', 'red'] %}
    cast(totals.{{ band }}_expansion_known_count as integer) as {{ band }}_expansion_known_count,
    cast(totals.{{ band }}_expanded_count as integer) as {{ band }}_expanded_count,
    {{ rate_columns(
        band ~ '_expansion',
        'totals.' ~ band ~ '_expanded_count',
        'totals.' ~ band ~ '_expansion_known_count'
    ) }},
    {%- endfor %}
    round(areas.expansion_auc, 6) as expansion_auc
from totals
inner join in_sample
    on
        totals.profile = in_sample.profile
        and totals.span = in_sample.span
        and totals.as_of_date = in_sample.as_of_date
left join areas_by_kind
    on
        totals.profile = areas_by_kind.profile
        and totals.span = areas_by_kind.span
        and totals.as_of_date = areas_by_kind.as_of_date
left join areas
    on
        totals.profile = areas.profile
        and totals.span = areas.span
        and totals.as_of_date = areas.as_of_date
left join lead_times
    on
        totals.profile = lead_times.profile
        and totals.span = lead_times.span
        and totals.as_of_date = lead_times.as_of_date
