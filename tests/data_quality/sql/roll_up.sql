-- The roll-ups of the scorecard, from the customers' scores.
create or replace table scorecard.tier_scorecard as
select as_of_date, profile, tier, count(*) as customer_count, count(score) as scored_count,
    avg(score) as mean_score, median(score) as median_score,
    count(*) filter (where band = 'green') as green_count,
    count(*) filter (where band = 'amber') as amber_count,
    count(*) filter (where band = 'red') as red_count
from scorecard.customer_scorecard group by as_of_date, profile, tier;

create or replace table scorecard.portfolio_scorecard as
select scores.as_of_date, profile, count(*) as customer_count, count(score) as scored_count,
    avg(score) as mean_score, avg(coverage) as mean_coverage,
    count(*) filter (where band = 'green') as green_count,
    count(*) filter (where band = 'amber') as amber_count,
    count(*) filter (where band = 'red') as red_count,
    sum(indicators.revenue_12m) as revenue_12m
from scorecard.customer_scorecard as scores
left join scorecard.customer_indicators as indicators using (customer_id, as_of_date)
group by scores.as_of_date, profile;
