{#- Grain: one row per month end, profile and value tier, or all of them. -#}
with scores as (

    select
        customer_scorecard.as_of_date,
        customer_scorecard.profile,
        customer_scorecard.value_basis,
        groups.tier,
        customer_scorecard.score,
        customer_scorecard.coverage,
        customer_scorecard.band,
        customer_scorecard.is_overridden,
        customer_scorecard.current_value_score,
        customer_scorecard.potential_score,
        customer_scorecard.relationship_score,
        customer_indicators.revenue_12m,
        customer_indicators.is_active
    from {{ ref('customer_scorecard') }} as customer_scorecard
    inner join {{ ref('scr_groups') }} as groups
        on customer_scorecard.tier = groups.customer_tier
    inner join {{ ref('customer_indicators') }} as customer_indicators
        on
            customer_scorecard.customer_id = customer_indicators.customer_id
            and customer_scorecard.as_of_date = customer_indicators.as_of_date

)

select
    scores.as_of_date,
    scores.profile,
    scores.tier,
    scores.value_basis,
    cast(count(*) as integer) as customer_count,
    cast(sum(case when scores.is_active then 1 else 0 end) as integer) as active_customer_count,
    cast(count(scores.score) as integer) as scored_count,
    round({{ mean('scores.score') }}, 6) as mean_score,
    percentile_disc(0.5) within group (order by scores.score) as median_score,
    round({{ mean('scores.coverage') }}, 6) as mean_coverage,
    cast(sum(case when scores.band = 'green' then 1 else 0 end) as integer) as green_count,
    cast(sum(case when scores.band = 'amber' then 1 else 0 end) as integer) as amber_count,
    cast(sum(case when scores.band = 'red' then 1 else 0 end) as integer) as red_count,
    {{ rate_columns(
        'green', "sum(case when scores.band = 'green' then 1 else 0 end)", 'count(scores.score)'
    ) }},
    cast(sum(case when scores.is_overridden then 1 else 0 end) as integer) as overridden_count,
    {{ rate_columns(
        'overridden',
        'sum(case when scores.is_overridden then 1 else 0 end)',
        'count(scores.score)'
    ) }},
    round({{ mean('scores.current_value_score') }}, 6) as current_value_score,
    round({{ mean('scores.potential_score') }}, 6) as potential_score,
    round({{ mean('scores.relationship_score') }}, 6) as relationship_score,
    cast(sum(scores.revenue_12m) as decimal(18, 2)) as revenue_12m
from scores
group by scores.as_of_date, scores.profile, scores.tier, scores.value_basis
