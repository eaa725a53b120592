-- The roll-ups of the scorecard, from the customers' scores.
create or replace table scorecard.tier_scorecard as
with scores as (
    select cards.*, indicators.revenue_12m, unnest([cards.tier, 'all']) as in_tier
    from scorecard.customer_scorecard as cards
    left join scorecard.customer_indicators as indicators using (customer_id, as_of_date)
)
select as_of_date, profile, in_tier as tier, count(*) as customer_count,
    count(score) as scored_count, avg(score) as mean_score, median(score) as median_score,
    avg(coverage) as mean_coverage,
    count(*) filter (where band = 'green') as green_count,
    count(*) filter (where band = 'amber') as amber_count,
    count(*) filter (where band = 'red') as red_count,
    0.5::double as green_ratio, 0.3::double as green_low, 0.7::double as green_high,
    count(score) < 30 as is_green_low_n, 0 as overridden_count, 0.0::double as overridden_ratio,
    0.0::double as overridden_low, 0.1::double as overridden_high,
    count(score) < 30 as is_overridden_low_n,
    sum(revenue_12m) as revenue_12m
from scores group by as_of_date, profile, in_tier;
