{#- Grain: one row per month end (newest months), profile and cell of current value, potential and
    relationship, with the strategy for it. -#}
with members as (

    select
        segments.as_of_date,
        segments.profile,
        segments.cell,
        max(segments.review_date) as review_date,
        count(*) as customer_count,
        {{ mean('segments.current_value_score') }} as mean_current_value_score,
        {{ mean('segments.potential_score') }} as mean_potential_score,
        {{ mean('segments.relationship_score') }} as mean_relationship_score,
        sum(indicators.revenue_12m) as revenue_12m
    from {{ ref('customer_value_segments') }} as segments
    inner join {{ ref('customer_indicators') }} as indicators
        on
            segments.customer_id = indicators.customer_id
            and segments.as_of_date = indicators.as_of_date
    group by segments.as_of_date, segments.profile, segments.cell

),

totals as (

    select
        members.as_of_date,
        members.profile,
        sum(members.customer_count) as customer_count,
        sum(members.revenue_12m) as revenue_12m
    from members
    group by members.as_of_date, members.profile

)

select
    members.as_of_date,
    members.profile,
    members.cell,
    strategies.name,
    strategies.name_zh,
    strategies.strategy,
    strategies.strategy_zh,
    strategies.needs_consent,
    members.review_date,
    cast(members.customer_count as integer) as customer_count,
    round({{ ratio('members.customer_count', 'totals.customer_count') }}, 6) as customer_share,
    cast(members.revenue_12m as decimal(18, 2)) as revenue_12m,
    round({{ ratio('members.revenue_12m', 'totals.revenue_12m') }}, 6) as revenue_share,
    round(members.mean_current_value_score, 6) as mean_current_value_score,
    round(members.mean_potential_score, 6) as mean_potential_score,
    round(members.mean_relationship_score, 6) as mean_relationship_score
from members
inner join totals
    on members.as_of_date = totals.as_of_date and members.profile = totals.profile
left join {{ ref('segment_strategies') }} as strategies on members.cell = strategies.cell
