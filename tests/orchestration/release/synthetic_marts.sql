-- A small company in the shape of the published marts: 240 customers, twelve months of 2011.
-- Everything follows from hash(), so the same file always gives the same rows.
create schema if not exists scorecard;

create temporary macro draw(key, what) as
    (hash(concat(key, '/', what)) % 100000) / 100000.0;

create temporary table months as
select last_day(date '2011-01-01' + to_months(cast(i as integer))) as as_of_date, i as month_number
from range(12) as months (i);

create temporary table people as
select
    concat('c-', lpad(cast(i as varchar), 4, '0')) as customer_id,
    cast(12000 + i as varchar) as crm_customer_id,
    case when i % 11 = 0 then 'Germany' when i % 17 = 0 then 'EIRE' else 'United Kingdom' end
        as country,
    cast(date '2009-12-01' + cast(floor(draw(i, 'first') * 700) as integer) as date)
        as first_purchase_date,
    least(exp(4 + 5 * power(draw(i, 'size'), 2)), 40000) as size,
    0.3 + 1.4 * draw(i, 'pace') as pace
from range(1, 241) as people (i);

create table scorecard.company as
select
    cast(null as varchar) as company_name,
    false as is_simulated,
    cast(null as varchar) as note,
    'GBP' as reporting_currency,
    date '2011-01-31' as first_month,
    date '2011-12-31' as last_month,
    'billing, crm' as measured_systems;

create table scorecard.source_months as
select
    source_system,
    as_of_date,
    source_system in ('billing', 'crm') as is_measured,
    case when source_system in ('billing', 'crm')
        then cast(500 + 10 * month_number as bigint) end as fact_count
from months
cross join (select unnest(['billing', 'crm', 'support', 'survey', 'usage']) as source_system)
    as systems;

create table scorecard.customers as
select
    customer_id,
    crm_customer_id,
    country,
    first_purchase_date as first_seen_date,
    first_purchase_date,
    date '2011-12-09' as last_purchase_date,
    true as is_in_crm
from people;

create temporary table facts as
select
    people.customer_id,
    months.as_of_date,
    months.month_number,
    people.size,
    cast(
        case when draw(customer_id, 'loss') < 0.04 then -1 else 1 end * people.size
        * (0.8 + 0.03 * months.month_number + 0.4 * draw(customer_id, as_of_date))
        as decimal(18, 4)
    ) as revenue_12m,
    cast(1 + floor(people.pace * 8 * draw(customer_id, 'n')) as integer) as purchases_12m,
    cast(floor(draw(customer_id, concat('r', as_of_date)) * 200 * people.pace) as integer)
        as days_since_purchase,
    cast(as_of_date - people.first_purchase_date as integer) as tenure_days,
    draw(customer_id, concat('t', as_of_date)) - 0.4 as value_trend,
    draw(customer_id, 'return') * 0.1 as return_ratio_12m,
    case when draw(customer_id, 'gaps') > 0.3 then draw(customer_id, 'regular') end
        as purchase_regularity_12m,
    cast(1 + floor(draw(customer_id, 'products') * 90) as integer) as product_count_12m
from people
cross join months
where people.first_purchase_date <= months.as_of_date;

create temporary table tiered as
select
    *,
    case
        when revenue_12m <= 0 then 'D'
        when coalesce(before, 0) < 0.8 * total then 'A'
        when before < 0.95 * total then 'B'
        else 'C'
    end as tier,
    days_since_purchase <= 180 as is_active
from (
    select
        *,
        sum(greatest(revenue_12m, 0)) over (partition by as_of_date) as total,
        sum(greatest(revenue_12m, 0)) over (
            partition by as_of_date order by revenue_12m desc, customer_id
            rows between unbounded preceding and 1 preceding
        ) as before
    from facts
);

create table scorecard.customer_indicators as
select
    customer_id,
    as_of_date,
    tier,
    tier as raw_tier,
    'revenue' as value_basis,
    is_active,
    cast(revenue_12m / 12 as decimal(18, 4)) as revenue_1m,
    cast(revenue_12m / 4 as decimal(18, 4)) as revenue_3m,
    cast(revenue_12m / 2 as decimal(18, 4)) as revenue_6m,
    revenue_12m,
    cast(size * return_ratio_12m as decimal(18, 4)) as returns_amount_12m,
    round(return_ratio_12m, 6) as return_ratio_12m,
    purchases_12m,
    cast(abs(revenue_12m) / purchases_12m as decimal(18, 4)) as basket_value_12m,
    product_count_12m,
    days_since_purchase,
    tenure_days,
    tenure_days > 600 as is_tenure_censored,
    round(value_trend, 6) as value_trend,
    cast(5 - least(floor(days_since_purchase / 40), 4) as integer) as recency_score,
    cast(least(1 + floor(purchases_12m / 2), 5) as integer) as frequency_score,
    cast(greatest(1, least(floor(log10(greatest(revenue_12m, 1)) + 0.5), 5)) as integer)
        as monetary_score,
    cast(555 as integer) as rfm_score,
    false as is_rfm_provisional,
    round((purchases_12m - 1) / purchases_12m, 6) as repeat_rate_12m,
    round(purchase_regularity_12m, 6) as purchase_regularity_12m,
    round(100 * draw(customer_id, 'loyal'), 6) as loyalty_index,
    0.6 as loyalty_coverage,
    round(100 * draw(customer_id, 'depth'), 6) as depth_index
from tiered;

create table scorecard.profile_requirements as
select
    *,
    sum(case when is_available then weight else 0 end) over (partition by profile)
        as profile_coverage,
    profile = 'retail_billing' as is_profile_applied,
    concat('指标', left(md5(measure), 4)) as label_zh
from (values
    ('retail_billing', 'current_value', 'revenue_12m', 'Revenue', 0.20, true, 'margin', null),
    ('retail_billing', 'current_value', 'basket_value_12m', 'Basket', 0.10, true, null, null),
    ('retail_billing', 'current_value', 'return_ratio_12m', 'Returns', 0.10, true, null, null),
    ('retail_billing', 'potential', 'value_trend', 'Trend', 0.15, true, null, null),
    ('retail_billing', 'potential', 'product_count_12m', 'Breadth', 0.10, true, null, null),
    ('retail_billing', 'relationship', 'days_since_purchase', 'Recency', 0.15, true, null, null),
    ('retail_billing', 'relationship', 'purchase_regularity_12m', 'Regularity', 0.10, true, null,
        null),
    ('retail_billing', 'relationship', 'satisfaction_index', 'Satisfaction', 0.10, false, null,
        'survey answers'),
    ('retail', 'current_value', 'margin_12m', 'Margin', 0.25, false, null, 'unit costs'),
    ('retail', 'current_value', 'revenue_12m', 'Revenue', 0.60, true, null, null),
    ('retail', 'relationship', 'nps_class', 'Recommendation', 0.15, false, null, 'survey answers')
) as requirements (
    profile, dimension, measure, label, weight, is_available, substitutes, needs
);

create temporary table measured as
select
    tiered.customer_id,
    tiered.as_of_date,
    tiered.tier,
    requirements.dimension,
    requirements.measure,
    requirements.weight,
    cast(case requirements.measure
        when 'revenue_12m' then revenue_12m
        when 'basket_value_12m' then abs(revenue_12m) / purchases_12m
        when 'return_ratio_12m' then return_ratio_12m
        when 'value_trend' then value_trend
        when 'product_count_12m' then product_count_12m
        when 'days_since_purchase' then days_since_purchase
        when 'purchase_regularity_12m' then purchase_regularity_12m
    end as double) as raw_value,
    case requirements.measure
        when 'revenue_12m' then greatest(0, least(100, 16 * log10(greatest(revenue_12m, 1)) + 12))
        when 'basket_value_12m'
            then greatest(0, least(100, 25 * log10(1 + abs(revenue_12m) / purchases_12m)))
        when 'return_ratio_12m' then 100 - 900 * return_ratio_12m
        when 'value_trend' then greatest(0, least(100, 50 + 60 * value_trend))
        when 'product_count_12m' then greatest(0, least(100, 20 + product_count_12m))
        when 'days_since_purchase' then greatest(0, 100 - days_since_purchase / 3.0)
        when 'purchase_regularity_12m' then 100 * purchase_regularity_12m
    end as score
from tiered
inner join scorecard.profile_requirements as requirements
    on requirements.profile = 'retail_billing' and requirements.is_available;

create temporary table weighed as
select
    *,
    sum(case when score is not null then weight end)
        over (partition by customer_id, as_of_date) as coverage,
    case when score is not null then weight end
    / sum(case when score is not null then weight end)
        over (partition by customer_id, as_of_date) as effective_weight
from measured;

create table scorecard.customer_scorecard_measures as
select
    customer_id,
    as_of_date,
    'retail_billing' as profile,
    dimension,
    measure,
    round(raw_value, 6) as raw_value,
    round(score, 6) as score,
    weight,
    round(effective_weight, 6) as effective_weight,
    round(effective_weight * score, 6) as contribution,
    cast(3 + hash(customer_id) % 40 as bigint) as source_row_count
from weighed
where as_of_date > date '2011-09-30';

create table scorecard.customer_scorecard as
with scores as (
    select
        customer_id,
        as_of_date,
        tier,
        round(sum(effective_weight * score), 6) as score,
        round(max(coverage), 6) as coverage,
        cast(count(score) as integer) as measure_count,
        round(sum(score * weight) filter (dimension = 'current_value')
            / sum(weight) filter (dimension = 'current_value' and score is not null), 6)
            as current_value_score,
        round(sum(score * weight) filter (dimension = 'potential')
            / sum(weight) filter (dimension = 'potential' and score is not null), 6)
            as potential_score,
        round(sum(score * weight) filter (dimension = 'relationship')
            / sum(weight) filter (dimension = 'relationship' and score is not null), 6)
            as relationship_score,
        count(score) filter (dimension = 'relationship') > 1 as is_loyal_measured
    from weighed
    group by all
),
cards as (
select
    customer_id,
    as_of_date,
    'retail_billing' as profile,
    tier,
    'revenue' as value_basis,
    case when hash(customer_id) % 12 > 0 then score end as score,
    case when hash(customer_id) % 12 > 0 then coverage else 0.5 end as coverage,
    case
        when hash(customer_id) % 12 = 0 then null
        when score < 50 then 'red' when score < 75 then 'amber' else 'green'
    end as band,
    case when hash(customer_id) % 12 > 0 then 'published' else 'insufficient_evidence' end
        as status,
    measure_count,
    current_value_score,
    1.0 as current_value_coverage,
    potential_score,
    1.0 as potential_coverage,
    case when is_loyal_measured then relationship_score end as relationship_score,
    case when is_loyal_measured then 0.714286 else 0.428571 end as relationship_coverage
from scores
),
compared as (
    select
        *,
        lag(score) over (partition by customer_id order by as_of_date) as previous_score
    from cards
)
select
    *,
    'value' as kind,
    round(score - previous_score, 6) as score_change,
    2.0 as dead_band,
    case
        when score - previous_score is null then 'n/a'
        when abs(score - previous_score) <= 2 then 'flat'
        when score > previous_score then 'up' else 'down'
    end as trend,
    round((score - previous_score) * 0.75, 6) as value_change,
    0.0 as scale_change,
    0.0 as configuration_change,
    round((score - previous_score) * 0.25, 6) as coverage_change,
    0.0 as exception_change,
    0.0 as override_change,
    case when score is not null then 'purchases_12m' end as best_lever,
    case when score is not null then 2.5 end as best_lever_gain
from compared;

create table scorecard.customer_scorecard_nodes as
select
    customer_id, as_of_date, profile, dimension as node_id, 'value' as parent_id, 1 as depth,
    dimension as label, dimension as label_zh, score, coverage, weight
from (
    select
        customer_id, as_of_date, profile,
        unnest(['current_value', 'potential', 'relationship']) as dimension,
        unnest([current_value_score, potential_score, relationship_score]) as score,
        unnest([current_value_coverage, potential_coverage, relationship_coverage]) as coverage,
        unnest([0.4, 0.25, 0.35]) as weight
    from scorecard.customer_scorecard
    where as_of_date > date '2011-09-30'
);

create table scorecard.customer_scorecard_changes as
select
    measures.customer_id, measures.as_of_date, measures.profile, measures.measure as cause,
    'measure' as cause_kind, measures.score as previous_score, measures.score,
    cards.score_change / count(*) over (
        partition by measures.customer_id, measures.as_of_date
    ) as value_change,
    cards.score_change / count(*) over (
        partition by measures.customer_id, measures.as_of_date
    ) as total_change
from scorecard.customer_scorecard_measures as measures
inner join scorecard.customer_scorecard as cards using (customer_id, as_of_date, profile)
where measures.effective_weight > 0 and cards.score_change is not null;

create table scorecard.contradictions as
select customer_id, as_of_date, profile, tier, score, band, 'unhealthy_safe' as contradiction
from scorecard.customer_scorecard
where band = 'red' and as_of_date = date '2011-12-31' and hash(customer_id) % 5 = 0;

-- Of 600 customer months 90 ended by leaving: 5 % of the green, 15 % of the amber, 40 % of the red.
create table scorecard.scorecard_backtest as
select
    'retail_billing' as profile, spans.span, date '2011-06-30' as as_of_date,
    date '2011-01-31' as first_date, 'health' as kind, false as is_partly_in_sample,
    0.72 as churn_auc_same_kind, 600 as customer_count,
    90 as churned_count,
    0.05 as green_churn_ratio, 0.03 as green_churn_low, 0.09 as green_churn_high,
    false as is_green_churn_low_n,
    0.15 as amber_churn_ratio, 0.11 as amber_churn_low, 0.21 as amber_churn_high,
    false as is_amber_churn_low_n,
    0.4 as red_churn_ratio, 0.31 as red_churn_low, 0.5 as red_churn_high,
    false as is_red_churn_low_n, 8.0 as red_to_green_ratio, 0.444444 as recall_ratio,
    false as is_recall_low_n, 0.117647 as false_alarm_ratio, false as is_false_alarm_low_n,
    77 as lead_time_days_median, 0.71 as churn_auc, true as is_monotone, 0.35 as recall_low,
    0.55 as recall_high, 12 as lead_time_count, 0.52 as expansion_auc
from (values ('month'), ('all_months')) as spans (span);

create table scorecard.scorecard_missed_greens as
select customer_id, date '2011-06-30' as as_of_date, profile, tier, score
from scorecard.customer_scorecard
where band = 'green' and as_of_date = date '2011-12-31' and hash(customer_id) % 9 = 0;

create table scorecard.tier_scorecard_measures as
select as_of_date, profile, 'all' as tier, measure as cause, 'measure' as cause_kind,
    round(avg(score), 6) as mean_measure_score, round(avg(effective_weight), 6)
        as mean_effective_weight, round(avg(contribution), 6) as contribution
from scorecard.customer_scorecard_measures
group by as_of_date, profile, measure;

create table scorecard.tier_scorecard_changes as
select as_of_date, profile, 'all' as tier, 0.0 as mean_change, 0.0 as value_change
from scorecard.customer_scorecard_measures
group by as_of_date, profile;

create table scorecard.account_scorecard as
select customer_id as account_id, as_of_date, profile, 2 as member_count, score,
    score as own_score, customer_id as worst_customer_id, score - 5 as worst_score,
    score + 1 as count_weighted_score, score + 2 as value_weighted_score,
    'own' as account_rollup, cast(1200 as decimal(18, 4)) as contract_value,
    -1.5 as score_change
from scorecard.customer_scorecard
where as_of_date > date '2011-09-30' and hash(customer_id) % 20 = 0;

create table scorecard.account_scorecard_measures as
select accounts.account_id, accounts.as_of_date, accounts.profile,
    accounts.account_id as customer_id, measures.measure as cause, 'measure' as cause_kind,
    measures.measure as label, measures.measure as label_zh, measures.effective_weight,
    measures.contribution
from scorecard.account_scorecard as accounts
inner join scorecard.customer_scorecard_measures as measures
    on accounts.account_id = measures.customer_id and accounts.as_of_date = measures.as_of_date
    and accounts.profile = measures.profile;

create table scorecard.account_scorecard_changes as
select accounts.account_id, accounts.as_of_date, accounts.profile,
    accounts.account_id as customer_id, causes.cause, causes.cause_kind, causes.total_change
from scorecard.account_scorecard as accounts
cross join (values ('revenue_12m', 'measure', 0.5), ('member_share', 'member_share', -2.0))
    as causes (cause, cause_kind, total_change);

create table scorecard.customer_value_segments as
select customer_id, as_of_date, profile, tier, current_value_score, potential_score,
    relationship_score,
    case when score is null then 'unclassified' when score < 50 then 'high_high_low'
        else 'high_low_high' end as cell
from scorecard.customer_scorecard
where as_of_date > date '2011-09-30';

create table scorecard.value_segments as
select
    segments.as_of_date,
    segments.profile,
    segments.cell,
    max(strategies.name) as name,
    max(strategies.name_zh) as name_zh,
    max(strategies.strategy) as strategy,
    max(strategies.strategy_zh) as strategy_zh,
    bool_or(strategies.cell = 'high_low_high') as needs_consent,
    date '2011-09-30' as review_date,
    count(*) as customer_count,
    count(*) / sum(count(*)) over months as customer_share,
    cast(10 * count(*) as decimal(18, 4)) as revenue_12m,
    count(*) / sum(count(*)) over months as revenue_share
from scorecard.customer_value_segments as segments
left join (values
    ('high_high_low', 'At stake', '危机客户', 'Mend it', '修复关系'),
    ('high_low_high', 'Cornerstone', '基石客户', 'Keep it', '保持现状')
) as strategies (cell, name, name_zh, strategy, strategy_zh) on segments.cell = strategies.cell
group by segments.as_of_date, segments.profile, segments.cell
window months as (partition by segments.as_of_date, segments.profile);

create table scorecard.tier_scorecard as
with scores as (
    select
        cards.*,
        indicators.is_active,
        indicators.revenue_12m,
        unnest([cards.tier, 'all']) as in_tier
    from scorecard.customer_scorecard as cards
    inner join scorecard.customer_indicators as indicators using (customer_id, as_of_date)
)
select
    as_of_date,
    profile,
    in_tier as tier,
    count(*) as customer_count,
    count(*) filter (is_active) as active_customer_count,
    count(score) as scored_count,
    round(avg(cast(score as decimal(18, 6))), 6) as mean_score,
    round(median(score), 6) as median_score,
    round(avg(cast(coverage as decimal(18, 6))), 6) as mean_coverage,
    count(*) filter (band = 'green') as green_count,
    count(*) filter (band = 'amber') as amber_count,
    count(*) filter (band = 'red') as red_count,
    count(*) filter (band = 'green') / nullif(count(score), 0) as green_ratio,
    0 as overridden_count,
    cast(sum(revenue_12m) as decimal(18, 4)) as revenue_12m,
    round(avg(cast(current_value_score as decimal(18, 6))), 6) as current_value_score,
    round(avg(cast(potential_score as decimal(18, 6))), 6) as potential_score,
    round(avg(cast(relationship_score as decimal(18, 6))), 6) as relationship_score
from scores
group by all;

create table scorecard.override_rates as
select
    as_of_date, profile, tier as team, scored_count, overridden_count, 0.0 as overridden_ratio,
    0 as raised_count, 0 as lowered_count
from scorecard.tier_scorecard
where tier = 'all';

-- The company has kept 80 of 100 customers (target 75 of 100), and earns a margin of half.
create table scorecard.portfolio_scorecard_measures as
with parts(
    perspective, measure, mart, indicator_id, label, label_zh, unit, raw_value, floor_value,
    target_value, stretch_value, target_source, score, weight
) as (
    values
    ('relationship', 'retention', 'portfolio_indicators', 'customer_retention_ratio',
        'Customers kept', '客户保留率', 'ratio', 0.8, 0.5, 0.75, 0.9, 'company', 83.333333, 0.5),
    ('value', 'gross_margin', 'portfolio_indicators', 'gross_margin_ratio_12m', 'Gross margin',
        '毛利率', 'ratio', 0.5, 0.2, 0.6, 0.7, 'product', 56.25, 0.5)
)
select
    months.as_of_date,
    'balanced' as profile,
    parts.*,
    'higher_is_better' as direction,
    round(parts.raw_value / parts.target_value, 6) as attainment,
    parts.score as previous_score,
    0.0 as score_change,
    2.0 as dead_band,
    'flat' as trend,
    1.0 as evidence,
    parts.weight as effective_weight,
    round(parts.weight * parts.score, 6) as contribution,
    100 as case_count,
    parts.measure = 'gross_margin' as is_low_n,
    'billing' as source_systems,
    months.as_of_date as fresh_until,
    true as is_lever,
    case when parts.score < 75 then round(parts.weight * (75 - parts.score), 6) end as lever_gain
from (select distinct as_of_date from scorecard.customer_scorecard) as months
cross join parts;

create table scorecard.portfolio_scorecard_nodes as
select
    as_of_date, profile, perspective as node_id, 'balanced' as parent_id, 1 as depth,
    named.label, named.label_zh, sum(contribution) / sum(weight) as score,
    1.0 as coverage, 'published' as status, sum(weight) as weight,
    sum(effective_weight) as effective_weight
from scorecard.portfolio_scorecard_measures
inner join (values ('relationship', 'Relationship', '关系'), ('value', 'Value', '价值'))
    as named(perspective, label, label_zh) using (perspective)
group by all
union all
select
    as_of_date, profile, 'balanced', null, 0, 'Balanced score', '平衡得分', sum(contribution), 1.0,
    'published', 1.0, 1.0
from scorecard.portfolio_scorecard_measures
group by all;

create table scorecard.portfolio_scorecard_changes as
select
    as_of_date, profile, measure, perspective, label, label_zh,
    cast(as_of_date - interval 1 month as date) as previous_date, raw_value as previous_raw_value,
    raw_value, score as previous_score, score, weight as previous_effective_weight,
    effective_weight, 0.0 as value_change, 0.0 as scale_change, 0.0 as configuration_change,
    0.0 as coverage_change, 0.0 as total_change
from scorecard.portfolio_scorecard_measures;

create table scorecard.portfolio_scorecard as
select
    as_of_date, profile, round(score, 6) as score, 1.0 as coverage, 'amber' as band,
    'published' as status, 2 as measure_count, 1 as target_met_count, 0 as low_n_count,
    cast(as_of_date - interval 1 month as date) as previous_date,
    round(score, 6) as previous_score, 0.0 as score_change, 2.0 as dead_band, 'flat' as trend,
    0.0 as value_change, 0.0 as scale_change, 0.0 as configuration_change,
    0.0 as coverage_change, 'gross_margin' as best_lever, 9.375 as best_lever_gain,
    1 as config_version
from scorecard.portfolio_scorecard_nodes
where node_id = 'balanced';

create table scorecard.tier_indicators as
select
    as_of_date,
    tier,
    count(*) as customer_count,
    count(*) filter (is_active) as active_customer_count,
    cast(sum(revenue_12m) as decimal(18, 4)) as revenue_12m
from scorecard.customer_indicators
group by all;

create table scorecard.portfolio_indicators as
select
    as_of_date,
    periods.period_months,
    count(*) as customer_count,
    count(*) filter (is_active) as active_customer_count,
    cast(sum(revenue_1m) as decimal(18, 2)) as revenue_1m,
    cast(sum(revenue_12m) as decimal(18, 2)) as revenue_12m,
    as_of_date > date '2011-03-31' as is_window_complete,
    180 as start_customer_count,
    count(*) filter (is_active) as end_customer_count,
    128 as retained_customer_count,
    52 as lost_customer_count,
    40 as new_customer_count,
    6 as won_back_customer_count,
    case periods.period_months when 12 then 0.711111 else 0.96 end as customer_retention_ratio,
    0.641000 as customer_retention_low,
    0.772000 as customer_retention_high,
    0.08 as growth_ratio,
    false as is_low_n,
    0.790000 as top_20_percent_revenue_ratio,
    0.74 as gini,
    41.5 as effective_customer_number
from scorecard.customer_indicators
cross join (values (1), (12)) as periods (period_months)
group by as_of_date, periods.period_months;

create table scorecard.predictions as
select
    customer_id,
    as_of_date,
    tier,
    is_active as is_eligible,
    case when is_active then round(0.05 + 0.7 * days_since_purchase / 180.0, 6) end
        as churn_probability,
    case when is_active then round(0.02 + 0.6 * days_since_purchase / 180.0, 6) end
        as churn_probability_low,
    case when is_active then round(0.10 + 0.8 * days_since_purchase / 180.0, 6) end
        as churn_probability_high,
    case when is_active then round(days_since_purchase / 1.8, 6) end as churn_percentile,
    'baseline_rule' as churn_method,
    'not_published' as churn_status,
    'churn-1a2b3c4d' as churn_estimator_version,
    case
        when not is_active then null
        when 0.05 + 0.7 * days_since_purchase / 180.0 < 0.25 then 'green'
        when 0.05 + 0.7 * days_since_purchase / 180.0 <= 0.40 then 'amber'
        else 'red'
    end as risk_band,
    round(exp(-days_since_purchase / 200.0), 6) as probability_alive,
    cast(revenue_12m * exp(-days_since_purchase / 200.0) as decimal(18, 4)) as clv_12m,
    cast(revenue_12m * 2.4 * exp(-days_since_purchase / 200.0) as decimal(18, 4)) as clv_36m,
    cast(0 as decimal(18, 4)) as clv_12m_low,
    cast(greatest(revenue_12m, 0) * 2 as decimal(18, 4)) as clv_12m_high,
    cast(0 as decimal(18, 4)) as clv_36m_low,
    cast(greatest(revenue_12m, 0) * 6 as decimal(18, 4)) as clv_36m_high,
    'carried_from_12m' as clv_36m_interval_basis,
    cast(greatest(revenue_12m, 0) as decimal(18, 4)) as value_if_kept_12m,
    revenue_12m * exp(-days_since_purchase / 200.0) < 0 as is_clv_negative,
    'mbg_nbd_gamma_gamma' as clv_method,
    hash(customer_id) % 9 = 0 as clv_has_warning,
    'revenue' as value_basis,
    case when is_active then
        cast(greatest(revenue_12m, 0) * (0.05 + 0.7 * days_since_purchase / 180.0)
            as decimal(18, 4))
    end as value_at_risk,
    case when is_active then 0.05 + 0.7 * days_since_purchase / 180.0 > 0.40 end as acts_by_rule,
    case when is_active then 0.05 + 0.7 * days_since_purchase / 180.0 between 0.25 and 0.40 end
        as is_watched,
    case when revenue_12m > 13.34 then round(cast(11 / (0.3 * (revenue_12m - 10) + 10) as double), 6)
        end as value_threshold,
    case when is_active then coalesce(
        revenue_12m > 13.34
        and 0.05 + 0.7 * days_since_purchase / 180.0 > 11 / (0.3 * (revenue_12m - 10) + 10), false
    ) end as acts_by_value,
    case when is_active and days_since_purchase > 90 then 2 end as action_level,
    case when is_active and days_since_purchase > 90 then 'account manager' end as owner_role,
    case when is_active and days_since_purchase > 90 then 3 end as working_days,
    case when is_active and days_since_purchase > 90 then hash(customer_id) % 3 > 0 end
        as may_contact,
    case when is_active and days_since_purchase > 90 and hash(customer_id) % 3 = 0
        then 'consent_refused' end as held_reason
from tiered;

create table scorecard.upsell_predictions as
select
    customer_id,
    as_of_date,
    'non_contractual' as upsell_kind,
    is_active as is_eligible,
    case when not is_active then 'not_active' end as ineligible_reason,
    case when is_active then 0.2::double end as expand_probability,
    case when is_active then 0.1::double end as expand_probability_low,
    case when is_active then 0.3::double end as expand_probability_high,
    cast(case when is_active then 20 else 0 end as decimal(18, 2)) as expected_upsell_6m,
    cast(case when is_active and tier = 'A' then 15 end as decimal(18, 2))
        as expected_upsell_capped_6m,
    case when is_active and tier = 'A' then 'tier' else 'no_answer' end as headroom_basis,
    cast(case when is_active and tier = 'A' then 15 end as decimal(18, 2)) as headroom_6m,
    cast(case when is_active and tier = 'A' then 100 end as decimal(18, 2)) as wallet_12m,
    case when is_active and tier = 'A' then 0.5::double end as share_of_wallet_ratio,
    case when is_active and tier = 'A' then 0.8::double end as share_of_wallet_p90_ratio,
    case when is_active and tier = 'A' then 40 end as headroom_answer_count,
    cast(case when is_active then 100 end as decimal(18, 2)) as amount_if_expands,
    cast(case when is_active then 20 end as decimal(18, 2)) as amount_if_expands_p10,
    cast(case when is_active then 80 end as decimal(18, 2)) as amount_if_expands_p50,
    cast(case when is_active then 240 end as decimal(18, 2)) as amount_if_expands_p90,
    cast(case when is_active then 0 end as decimal(18, 2)) as upsell_p10,
    cast(case when is_active then 0 end as decimal(18, 2)) as upsell_p50,
    cast(case when is_active then 90 end as decimal(18, 2)) as upsell_p90,
    'estimator' as upsell_method,
    'published' as upsell_status,
    'upsell-1a2b3c4d' as upsell_estimator_version,
    hash(customer_id) % 3 > 0 as may_contact,
    case when hash(customer_id) % 3 = 0 then 'consent_unknown' end as held_reason
from tiered;

create table scorecard.churn_reasons as
select
    predictions.customer_id,
    predictions.as_of_date,
    told.direction,
    told.reason_rank,
    'days_since_purchase' as feature,
    told.reason,
    '距上次购买：94 天' as reason_zh,
    94.0::double as feature_value,
    31.0::double as usual_value,
    told.gain as contribution_log_odds,
    -2.0::double as base_log_odds,
    0.1::double as unlisted_log_odds,
    -0.2::double as score_log_odds,
    'path_dependent_tree_shap' as reason_method,
    predictions.churn_estimator_version
from scorecard.predictions as predictions
cross join (values
    ('raises', 1, 'no purchase for 94 days (usual: 31 days)', 1.5::double),
    ('raises', 2, 'fewer <purchases> in 3 months than usual: 0 (usual: 3)', 0.7::double),
    ('lowers', 1, 'answers surveys: 80 % of them (usual: 40 %)', -0.5::double)
) as told (direction, reason_rank, reason, gain)
where predictions.churn_probability >= 0.25;

create table scorecard.estimator_surrogates as
select
    'churn' as estimator, 'churn-1a2b3c4d' as estimator_version, nodes.*,
    0.8::double as fidelity_r2, 5684::bigint as fidelity_row_count
from (values
    (0, null::integer, 0, '', 'days_since_purchase', 31.5::double, false, 1000::bigint, 0.2::double),
    (1, 0, 1, 'days since the last purchase at most 31 days', null, null, true, 800, 0.1),
    (2, 0, 1, 'days since the last purchase above 31 days', null, null, true, 200, 0.6)
) as nodes (
    node, parent_node, depth, condition, feature, threshold, is_leaf, row_count, mean_probability
);

create table scorecard.estimators as
select *, 'champion' as role, 'gate' as approved_by, date '2011-12-31' as approved_as_of,
    'the first estimator of its kind' as approval_reason
from (values
    ('churn', 'churn-1a2b3c4d', 'logistic', 'not_published',
        'the baseline rule is as good out of time', date '2010-12-31', date '2011-01-31',
        date '2011-07-31', 2000, 900, 410, 'aa11', 'bb22', 'F', 'Not published: auc_above_baseline.'),
    ('clv', 'clv-9f8e7d6c', 'mbg_nbd_gamma_gamma', 'published', null, date '2009-12-31',
        date '2011-12-31', null, 240, 240, null, 'cc33', 'bb22', null, 'No grades for this kind.')
) as estimators (
    estimator, estimator_version, candidate, status, reason, trained_from, trained_to, labels_to,
    row_count, customer_count, positive_count, content_hash, code_version, grade, grade_reason
);

create table scorecard.prediction_outcomes as
select
    'churn' as estimator, 'churn' as prediction_kind, 'customer' as subject, customer_id,
    as_of_date, churn_probability as probability, churn_probability_low as probability_low,
    churn_probability_high as probability_high,
    risk_band, churn_method as method, churn_status as status,
    churn_estimator_version as estimator_version, as_of_date as published_month,
    'pending' as outcome_state, cast(null as boolean) as has_happened,
    cast(null as date) as known_month
from scorecard.predictions
where churn_probability is not null;

create table scorecard.prediction_calibration as
select
    'churn' as estimator, 'churn' as prediction_kind, 'customer' as subject,
    'churn-1a2b3c4d' as estimator_version, 'baseline_rule' as method,
    date '2011-05-31' as as_of_date, bands.*, false as is_happened_low_n,
    happened_ratio > 0.5 as is_off, 0.15 as brier_score
from (values
    ('all', 90, 0, 3, 87, 30, 0.31, 0.344828, 0.253, 0.449),
    ('green', 40, 0, 1, 39, 5, 0.15, 0.128205, 0.056, 0.267),
    ('red', 50, 0, 2, 48, 25, 0.44, 0.520833, 0.383, 0.655)
) as bands(
    risk_band, published_count, pending_count, unjudged_count, known_count, happened_count,
    expected_ratio, happened_ratio, happened_low, happened_high
);

create table scorecard.estimator_drift as
select
    'churn' as estimator, 'churn-1a2b3c4d' as estimator_version, date '2011-12-31' as as_of_date,
    parts.*
from (values
    ('score', 'churn_probability', 2000, 240, 0.04, 'stable'),
    ('feature', 'days_since_purchase', 2000, 240, 0.31, 'act'),
    ('feature', 'revenue_12m', 2000, 240, 0.12, 'watch'),
    ('feature', 'tenure_days', 2000, 240, 0.02, 'stable'),
    ('base_rate', 'has_happened', 2000, 87, null, null)
) as parts(subject_kind, subject, reference_count, case_count, stability_index, drift_level);

create table scorecard.estimator_fairness as
select 'churn' as estimator, 'churn-1a2b3c4d' as estimator_version, parts.*
from (values
    ('region', 'North', 130, 390, true, 0.2, 1.0, false, 0.6, 0.0, false, 0.3, 0.0, -0.1, 0.1,
        false),
    ('region', 'South', 110, 330, true, 0.1, 0.5, true, 0.55, 0.05, false, 0.3, 0.0, -0.1, 0.1,
        false)
) as parts(
    group_kind, group_name, customer_count, case_count, is_assessable, selection_rate,
    selection_ratio, is_selection_flagged, hit_rate, hit_rate_gap, is_hit_rate_flagged,
    happened_rate, calibration_gap, calibration_gap_low, calibration_gap_high,
    is_calibration_flagged
);

create table scorecard.estimator_metrics as
select * from (values
    ('churn', 'churn-1a2b3c4d', 'logistic', 'test', 'auc', 0.71, 0.68, 0.74, 500,
        date '2011-06-30'),
    ('churn', 'churn-1a2b3c4d', 'baseline_rule', 'test', 'auc', 0.72, 0.69, 0.75, 500,
        date '2011-06-30'),
    ('clv', 'clv-9f8e7d6c', 'mbg_nbd_gamma_gamma', 'all', 'spearman', 0.12, null, null, 240, null),
    ('upsell', 'upsell-1a2b3c4d', 'hist_gradient_boosting_log_regression', 'test',
        'upsell_bias_pct', 12.0, -5.0, 30.0, 200, null),
    ('upsell', 'upsell-1a2b3c4d', 'hist_gradient_boosting_log_regression', 'test',
        'upsell_decile_01_predicted', 60, null, null, 200, null),
    ('upsell', 'upsell-1a2b3c4d', 'hist_gradient_boosting_log_regression', 'test',
        'upsell_decile_01_observed', 48, null, null, 200, null),
    ('upsell', 'upsell-1a2b3c4d', 'hist_gradient_boosting_log_regression',
        'label_kind=non_contractual', 'upsell_bias_pct', 12.0, -5.0, 30.0, 200, null),
    ('upsell', 'upsell-1a2b3c4d', 'hist_gradient_boosting_log_regression',
        'label_kind=non_contractual', 'upsell_gini', 0.7, null, null, 200, null),
    ('upsell', 'upsell-1a2b3c4d', 'hist_gradient_boosting_log_regression',
        'label_kind=non_contractual', 'upsell_top10_hit_rate', 0.4, null, null, 200, null),
    ('upsell', 'upsell-1a2b3c4d', 'base_rate_tier_tier_mean', 'label_kind=non_contractual',
        'upsell_gini', 0.6, null, null, 200, null),
    ('upsell', 'upsell-0f0f0f0f', 'base_rate_tier_tier_mean', 'label_kind=contractual',
        'upsell_bias_pct', 99.0, null, null, 200, null)
) as metrics (
    estimator, estimator_version, candidate, slice, metric, value, value_low, value_high, n,
    as_of_date
);

create table scorecard.estimator_checks as
select * from (values
    ('churn', 'churn-1a2b3c4d', 'auc', 0.71, '>= 0.65', true, 'ranks better than chance'),
    ('churn', 'churn-1a2b3c4d', 'auc_above_baseline', 0.71, '> 0.72', false,
        'the rule "no purchase in three months" ranks as well'),
    ('churn', 'churn-1a2b3c4d', 'calibration_slope', 0.61, '[0.80, 1.25]', false,
        'the base rate moved from 0.31 to 0.52'),
    ('clv', 'clv-9f8e7d6c', 'frequency_value_spearman', 0.12, '< 0.3', true, 'independent enough')
) as checks (estimator, estimator_version, check_name, value, threshold, is_passed, explanation);

create table scorecard.rfm_cutoffs as
select
    months.as_of_date,
    cutoffs.*,
    date '2010-12-31' as learnt_on,
    false as is_provisional,
    240 as customer_count
from months
cross join (values
    ('recency', 40.0, 80.0, 120.0, 160.0),
    ('frequency', 2.0, 4.0, 6.0, 8.0),
    ('monetary', 30.0, 300.0, 3000.0, 30000.0)
) as cutoffs (dimension, cut_1, cut_2, cut_3, cut_4);

create table scorecard.indicator_catalogue as
select
    indicator_id, name, description, unit, direction, 'seller' as viewpoint,
    'quantitative' as kind, 'customer' as grain, time_window, 'customer analytics' as owner,
    'to steer the portfolio' as purpose, 30 as min_n, 90 as freshness_days,
    'customer_indicators' as mart, 'ind_value' as model, 'C11' as formula_reference,
    'product_count_12m' as source_rows_column
from (values
    ('revenue_12m', 'Revenue, 12 months', 'Invoices less credits of the trailing 12 months',
        'GBP', 'higher_is_better', '12 months'),
    ('basket_value_12m', 'Basket value', 'Mean amount of a purchase', 'GBP', 'higher_is_better',
        '12 months'),
    ('return_ratio_12m', 'Return ratio', 'Credits divided by invoices', 'ratio', 'lower_is_better',
        '12 months'),
    ('value_trend', 'Value trend', 'Revenue of 6 months against the same months a year before',
        'ratio', 'higher_is_better', '6 months'),
    ('product_count_12m', 'Products bought', 'Distinct products bought', 'count', 'higher_is_better',
        '12 months'),
    ('days_since_purchase', 'Days since purchase', 'Days from the last purchase to the month end',
        'days', 'lower_is_better', 'to date'),
    ('purchase_regularity_12m', 'Purchase regularity', '1 less the variation of the gaps', 'ratio',
        'higher_is_better', '12 months')
) as catalogue (indicator_id, name, description, unit, direction, time_window)
union all
-- A measure of a group under the name of an indicator: pages of customers must not read it.
select
    'revenue_12m', 'Revenue of the customer base', 'Revenue of all customers together', 'EUR',
    'higher_is_better', 'seller', 'quantitative', 'month x period', '12 months', 'finance',
    'to follow the size of the business', 30, 45, 'portfolio_indicators', 'portfolio_indicators',
    'C11', 'customer_count';

create table scorecard.indicator_coverage as
select
    months.as_of_date,
    catalogue.indicator_id,
    'measured' as status
from months
cross join scorecard.indicator_catalogue as catalogue
where catalogue.mart = 'customer_indicators';

create table scorecard.revenue_reconciliation as
select
    *,
    cast(sum(line_count) over (order by step_number) as bigint) as running_line_count,
    cast(sum(amount) over (order by step_number) as decimal(18, 4)) as running_amount
from (values
    (1, 'raw_lines', 'All lines of the landing files', 1067371,
        cast(19287232.568 as decimal(18, 4))),
    (2, 'file_overlap', 'Lines that both files carry', -22523,
        cast(-370512.10 as decimal(18, 4))),
    (3, 'exact_duplicates', 'The same line twice in one invoice', -11000,
        cast(-46012.43 as decimal(18, 4))),
    (4, 'not_products', 'Postage, fees, samples and adjustments', -5200,
        cast(-412345.67 as decimal(18, 4))),
    (5, 'without_customer', 'Lines that name no customer', -236000,
        cast(-2534567.89 as decimal(18, 4))),
    (90, 'unexplained', 'What the steps above do not explain; must be nothing', 0,
        cast(0 as decimal(18, 4)))
) as steps (step_number, step, explanation, line_count, amount);

create table scorecard.customer_clusters as
select
    customer_id,
    as_of_date,
    'clustered' as segment_status,
    case when is_active then 1 else 2 end as cluster_id,
    case when is_active then 'recent purchases' else 'long since a purchase' end as cluster_name,
    case when is_active then '最近购买' else '很久未购买' end as cluster_name_zh,
    0.5::double as distance,
    date '2011-05-31' as review_date,
    'segments-1a2b3c4d' as estimator_version
from tiered;

create table scorecard.cluster_profiles as
select
    'segments-1a2b3c4d' as estimator_version, date '2011-05-31' as review_date,
    groups.cluster_id, groups.cluster_name, groups.cluster_name_zh,
    'days_since_purchase' as feature, groups.typical_value, groups.deviation, groups.cluster_name
        as wording,
    groups.customer_count, 90 as review_customer_count, 2 as cluster_count,
    0.4::double as silhouette, 0.9::double as stability
from (values
    (1, 'recent purchases', '最近购买', 20.0, -0.8, 60),
    (2, 'long since a purchase', '很久未购买', 200.0, 1.2, 30)
) as groups(cluster_id, cluster_name, cluster_name_zh, typical_value, deviation, customer_count);
