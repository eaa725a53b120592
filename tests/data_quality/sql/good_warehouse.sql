-- A tiny warehouse that every rule accepts: 240 customers over three months, because the drift
-- rules ask for 200 rows. Ingestion has made its own tables before, and the marts stand as their
-- contracts say. The roll-ups are in roll_up.sql.
insert into control.run_window by name
select date '2011-09-30' as first_month, date '2011-11-30' as last_month,
    date '2010-01-31' as history_start, 5::bigint as known_load_id;

insert into control.systems values
('billing', '2010-01-05', '2011-12-01', 0), ('crm', '2010-01-05', '2011-11-30', 31),
('usage', null, null, 3);

create table people as
select
    'customer-' || lpad(i::varchar, 4, '0') as customer_id,
    'crm-' || lpad(i::varchar, 4, '0') as crm_customer_id,
    i as number,
    ['A', 'B', 'C', 'D'][i % 4 + 1] as tier,
    round(((i * 37) % 1000) / 10, 6)::double as score,
    i % 10 = 9 as is_unscored
from range(240) as numbers(i);

create table months as
select unnest([date '2011-09-30', date '2011-10-31', date '2011-11-30']) as as_of_date;

insert into scorecard.company by name
select 'Bright Parts' as company_name, true as is_simulated, null::varchar as note,
    'GBP' as reporting_currency, history_start as first_month, last_month,
    'billing, crm' as measured_systems
from control.run_window;

insert into scorecard.source_months by name
select source_system, as_of_date, source_system <> 'usage' as is_measured,
    case when source_system <> 'usage' then 10::bigint end as fact_count
from months cross join (select unnest(['billing', 'crm', 'usage']) as source_system) as systems;

insert into scorecard.customers by name
select customer_id, crm_customer_id, 'United Kingdom' as country,
    date '2010-01-05' as first_seen_date, date '2010-02-01' as first_purchase_date,
    date '2011-09-15' as last_purchase_date, number <> 0 as is_in_crm, 2 as source_record_count
from people;

insert into scorecard.customer_sources by name
select customer_id, source_system, link_method, 1 as record_count, 1 as lowest_link_score
from people
cross join (values ('crm', 'own_id'), ('billing', 'exact_id')) as links (source_system, link_method);

insert into scorecard.customer_indicators by name
select customer_id, as_of_date, tier, tier as raw_tier, 'revenue' as value_basis,
    true as is_active, 180 as activity_days,
    (number + 1)::decimal(18, 4) as revenue_1m, (12 * (number + 1))::decimal(18, 4) as revenue_12m,
    (12 * (number + 1))::decimal(18, 4) as value_12m, false as is_value_estimated,
    (6 * (number + 1))::decimal(18, 4) as gross_margin_12m, 1.0::double as margin_coverage_12m,
    12 as cost_to_serve_months_12m, 2.0000::decimal(18, 4) as cost_to_serve_12m,
    1 as costed_tickets_12m, (6 * (number + 1) - 2)::decimal(18, 4) as contribution_margin_12m,
    number % 7 as purchases_12m, number % 5 as product_count_12m,
    datediff('day', date '2011-09-15', as_of_date) as days_since_purchase,
    datediff('day', date '2010-01-05', as_of_date) as tenure_days,
    number % 5 + 1 as recency_score, number % 5 + 1 as frequency_score,
    number % 5 + 1 as monetary_score,
    0.5 as repeat_rate_12m, 0.5 as purchase_regularity_12m,
    1.2::double as purchase_delay_ratio_12m, 6 as own_purchases_12m, 50.0::double as loyalty_index,
    0.6::double as loyalty_coverage, 0.25::double as category_breadth_12m,
    0.75::double as product_headroom_12m, 2.0::double as strategic_fit_rating,
    30 as strategic_fit_age_days, 1 as judgement_count,
    40.0::double as depth_index,
    0.0000::decimal(18, 4) as mrr, false as is_active_by_contract,
    'mature' as lifecycle_state, 2 as survey_invitations_12m, 1 as surveys_answered_12m,
    false as is_survey_non_respondent, 9 as nps_answer, 75.0::double as csat_score,
    2 as satisfaction_answers_24m, 80.0::double as satisfaction_index,
    3 as text_items_12m, 2 as scored_text_items_12m, 0.2::double as sentiment,
    0.5::double as negative_text_ratio_12m, 2 as worst_text_severity_6m,
    1 as tickets_created_6m, 1 as tickets_resolved_6m,
    1 as tickets_served_below_tier_6m, 1 as served_below_tier_cases_6m,
    1.0::double as served_below_tier_ratio_6m, 70.0::double as relationship_health,
    1.0::double as relationship_health_coverage, 50.0::double as interaction_score,
    75.0::double as problem_solving_score_6m, 80.0::double as emotion_score_12m,
    number = 1 as is_relationship_alert,
    case when number = 1 then date '2011-09-30' end as alert_opened_on,
    'trust' as relationship_stage, 3 as stage_months, 60.0::double as explicit_index,
    40.0::double as implicit_index, 0.4::double as submerged_share,
    'quiet_payer' as iceberg_quadrant, 0.95::double as paid_on_time_ratio_12m,
    1.0::double as renewal_ratio_24m, number = 2 as is_silent_loyalist,
    number = 3 as is_silent_leaver, 'none' as frequent_complainer,
    75.0::double as anchor_score_6m, 4 as anchor_cases_6m, 1 as anchor_misses_6m,
    2 as solved_issues_6m, 1.5::double as contacts_per_solved_issue_6m,
    0.5::double as channel_switches_per_solved_issue_6m,
    60.0::double as perceived_value_index, 1 as perceived_value_answers_24m,
    12.00 as potential_value_12m, 0.3::double as cross_sell_probability,
    2 as unused_category_count, 40 as potential_case_count
from people cross join months;

insert into scorecard.nps_by_group by name
select as_of_date, 12 as period_months, 'programme-1' as programme_id, group_kind, group_value,
    80 as delivered_count, 40 as answered_count, 0.5::double as response_ratio,
    0.4::double as response_low, 0.6::double as response_high, 40 as nps_count,
    20 as promoter_count, 10 as passive_count, 10 as detractor_count, 25.0::double as nps,
    0.5::double as nps_low, 49.5::double as nps_high, 2.0::double as nps_change,
    30.0::double as nps_change_margin, false as is_nps_change_real, false as is_low_n,
    false as is_response_low_n
from months cross join (values ('all', 'all'), ('tier', 'A')) as kinds (group_kind, group_value);

insert into scorecard.satisfaction_by_group by name
select as_of_date, period_months, programme_id, group_kind, group_value,
    40 as csat_count, 0.5::double as csat_top_two_ratio, 0.4::double as csat_top_two_low,
    0.6::double as csat_top_two_high, false as is_csat_low_n,
    40 as ces_count, 0.5::double as ces_easy_ratio, 0.4::double as ces_easy_low,
    0.6::double as ces_easy_high, false as is_ces_low_n,
    40 as fcr_count, 0.5::double as fcr_yes_ratio, 0.4::double as fcr_yes_low,
    0.6::double as fcr_yes_high, false as is_fcr_low_n
from scorecard.nps_by_group;

insert into scorecard.rfm_cutoffs by name
select as_of_date, unnest(['recency', 'frequency', 'monetary']) as dimension,
    date '2010-12-31' as learnt_on, false as is_provisional, 200 as customer_count,
    1.0 as cut_1, 2.0 as cut_2, 3.0 as cut_3, 4.0 as cut_4
from months;

insert into scorecard.indicator_catalogue by name
select column_name as indicator_id, table_name as mart, 'What it means.' as description
from duckdb_columns()
where database_name = current_database() and schema_name = 'scorecard'
    and table_name = 'customer_indicators' and column_name not in ('customer_id', 'as_of_date')
union all by name
select 'nps' as indicator_id, 'nps_by_group' as mart, 'What it means.' as description,
    'nps_count' as source_rows_column, 'nps_low' as low_column, 'nps_high' as high_column;

-- All measured but one.
insert into scorecard.indicator_coverage by name
select as_of_date, indicator_id, 'seller' as viewpoint, 240 as customers,
    case when indicator_id = 'mrr' then 0 else 240 end as measured_customers,
    0 as customers_without_cases,
    case when indicator_id = 'mrr' then 0.0 else 1.0 end::double as measured_share,
    case when indicator_id = 'mrr' then 'not measured' else 'measured' end as status,
    case when indicator_id = 'mrr' then 'no customer had a case in its window' end as why_not
from months cross join scorecard.indicator_catalogue
where mart = 'customer_indicators';

insert into scorecard.revenue_reconciliation by name
with total as (select sum(revenue_1m) as revenue from scorecard.customer_indicators),
steps as (
    select 1 as step_number, 'raw_lines' as step, 'All lines.' as explanation,
        100 as line_count, revenue + 500 as amount from total
    union all select 2, 'no_customer', 'Lines that name no customer.', -10, -500.0000
    union all select 3, 'unexplained', 'What no step explains.', 0, 0.0000
)
select steps.*, sum(line_count) over (order by step_number) as running_line_count,
    sum(amount) over (order by step_number) as running_amount
from steps;

insert into scorecard.tier_indicators by name
select as_of_date, tier, count(*) as customer_count,
    count(*) filter (where is_active) as active_customer_count, sum(revenue_12m) as revenue_12m,
    50 as revenue_retention_count, 0.8::double as gross_revenue_retention_12m,
    0.7::double as gross_revenue_retention_low_12m, 0.9::double as gross_revenue_retention_high_12m,
    1.0::double as net_revenue_retention_12m, 0.9::double as net_revenue_retention_low_12m,
    1.1::double as net_revenue_retention_high_12m, false as is_revenue_retention_low_n,
    40 as winback_count, 0.4::double as winback_ratio, 0.3::double as winback_low,
    0.5::double as winback_high, false as is_winback_low_n
from scorecard.customer_indicators group by as_of_date, tier;

insert into scorecard.portfolio_indicators by name
select as_of_date, 1 as period_months, count(*) as customer_count,
    count(*) filter (where is_active) as active_customer_count,
    sum(revenue_1m)::decimal(18, 2) as revenue_1m, sum(revenue_12m)::decimal(18, 2) as revenue_12m,
    100 as start_customer_count, 110 as end_customer_count, 25 as new_customer_count,
    5 as won_back_customer_count, 20 as lost_customer_count,
    0.8::double as customer_retention_ratio, 0.71::double as customer_retention_low,
    0.87::double as customer_retention_high, 0.1::double as growth_ratio, false as is_low_n,
    0.6::double as top_20_percent_revenue_ratio, 0.5::double as gini,
    40.0::double as effective_customer_number,
    50 as revenue_retention_count, 0.8::double as gross_revenue_retention,
    0.7::double as gross_revenue_retention_low, 0.9::double as gross_revenue_retention_high,
    1.0::double as net_revenue_retention, 0.9::double as net_revenue_retention_low,
    1.1::double as net_revenue_retention_high, false as is_revenue_retention_low_n,
    40 as winback_count, 0.4::double as winback_ratio, 0.3::double as winback_low,
    0.5::double as winback_high, false as is_winback_low_n
from scorecard.customer_indicators group by as_of_date;

insert into scorecard.predictions by name
-- Some rows of October are those of an estimator that cannot be used any more.
select customer_id, as_of_date, tier,
    not is_unscored or as_of_date = date '2011-10-31' as is_eligible,
    case when not is_unscored then score > 40 end as acts_by_rule,
    case when not is_unscored then score between 25 and 40 end as is_watched,
    round(11 / 49, 6) as value_threshold,
    case when not is_unscored then score / 100 > round(11 / 49, 6) end as acts_by_value,
    case when not is_unscored and score / 100 > round(11 / 49, 6) then number % 4 + 1 end
        as action_level,
    case when not is_unscored and score / 100 > round(11 / 49, 6) then 'account manager' end
        as owner_role,
    case when not is_unscored then score / 100 end as churn_probability,
    case when not is_unscored then score / 100 * 0.9 end as churn_probability_low,
    case when not is_unscored then least(1, score / 100 * 1.1) end as churn_probability_high,
    case when not is_unscored then score end as churn_percentile,
    case when not is_unscored then 'estimator' when as_of_date = date '2011-10-31' then 'not_scored'
        end as churn_method,
    'published' as churn_status, 'churn-1' as churn_estimator_version,
    case when is_unscored then null when score < 25 then 'green' when score <= 40 then 'amber'
        else 'red' end as risk_band,
    0.7::double as probability_alive, 100.0::double as clv_12m, 250.0::double as clv_36m,
    20.0::double as clv_12m_low, 240.0::double as clv_12m_high, 40.0::double as clv_36m_low,
    700.0::double as clv_36m_high, 'carried_from_12m' as clv_36m_interval_basis, 140.0::double as value_if_kept_12m,
    false as is_clv_negative,
    'mbg_nbd_gamma_gamma' as clv_method, false as clv_has_warning, 'revenue' as value_basis,
    case when not is_unscored then 50.0 end as value_at_risk
from people cross join months;

insert into scorecard.churn_reasons by name
select predictions.customer_id, predictions.as_of_date, told.direction, 1 as reason_rank,
    'days_since_purchase' as feature, 'no purchase for 94 days' as reason,
    '距上次购买：94 天' as reason_zh, 94.0::double as feature_value, 31.0::double as usual_value,
    case told.direction when 'raises' then 10.0 else 10 * predictions.churn_probability - 14.5 end
        as contribution_log_odds,
    -1.0::double as base_log_odds, 0.5::double as unlisted_log_odds,
    10 * predictions.churn_probability - 5 as score_log_odds,
    'path_dependent_tree_shap' as reason_method, 'churn-1' as churn_estimator_version
from scorecard.predictions as predictions
cross join (values ('raises'), ('lowers')) as told (direction)
where predictions.churn_probability >= 0.25;

insert into scorecard.estimator_surrogates by name
select 'churn' as estimator, 'churn-1' as estimator_version, 0.8::double as fidelity_r2,
    500 as fidelity_row_count, nodes.*
from (values
    (0, null, 0, '', false, 1000, 0.2),
    (1, 0, 1, 'days since the last purchase at most 31 days', true, 800, 0.1),
    (2, 0, 1, 'days since the last purchase above 31 days', true, 200, 0.6)
) as nodes(node, parent_node, depth, condition, is_leaf, row_count, mean_probability);

insert into scorecard.estimators by name
select *, 'champion' as role, 'gate' as approved_by, date '2011-11-30' as approved_as_of,
    'the first estimator of its kind' as approval_reason
from (values
    ('churn', 'churn-1', 'published', null::varchar, date '2010-06-30', date '2011-03-31',
        date '2011-09-30', 'aa11'),
    ('clv', 'clv-1', 'not_published', 'Too few customers.', date '2010-06-30',
        date '2011-03-31', date '2011-09-30', 'bb22')
) as estimators(estimator, estimator_version, status, reason, trained_from, trained_to, labels_to,
    content_hash);

insert into scorecard.estimator_metrics by name
select * from (values
    ('churn', 'churn-1', 'logistic', 'test', 'auc', 0.75, 0.70, 0.80, null::date),
    ('churn', 'churn-1', 'logistic', 'test', 'brier', 0.15, 0.14, 0.16, null)
) as metrics(estimator, estimator_version, candidate, slice, metric, value, value_low, value_high,
    as_of_date);

insert into scorecard.estimator_checks by name
select * from (values
    ('churn', 'churn-1', 'auc', 0.75, true, 'It ranks well enough.'),
    ('clv', 'clv-1', 'customers', 10.0, false, 'There are too few customers.')
) as checks(estimator, estimator_version, check_name, value, is_passed, explanation);

insert into scorecard.prediction_outcomes by name
select 'churn' as estimator, 'churn' as prediction_kind, 'customer' as subject, customer_id,
    as_of_date, churn_probability as probability, churn_probability_low as probability_low,
    churn_probability_high as probability_high, risk_band,
    'estimator' as method, 'published' as status, 'churn-1' as estimator_version,
    as_of_date as published_month, 'pending' as outcome_state
from scorecard.predictions where churn_probability is not null
union all by name
select 'churn' as estimator, 'churn' as prediction_kind, 'customer' as subject, customer_id,
    date '2011-04-30' as as_of_date,
    score / 100 as probability, score / 100 * 0.9 as probability_low,
    least(1, score / 100 * 1.1) as probability_high,
    case when score < 25 then 'green' when score <= 40 then 'amber' else 'red' end as risk_band,
    'estimator' as method, 'published' as status, 'churn-1' as estimator_version,
    date '2011-04-30' as published_month, 'known' as outcome_state,
    number % 2 = 0 as has_happened, date '2011-10-31' as known_month
from people;

insert into scorecard.prediction_calibration by name
select 'churn' as estimator, 'churn' as prediction_kind, 'customer' as subject,
    'churn-1' as estimator_version, 'estimator' as method, as_of_date, risk_band, published_count,
    0 as pending_count, 0 as unjudged_count,
    published_count as known_count, published_count // 2 as happened_count,
    0.5::double as expected_ratio, 0.5::double as happened_ratio, 0.4::double as happened_low,
    0.6::double as happened_high, published_count < 30 as is_happened_low_n,
    case when published_count >= 30 then false end as is_off, 0.2::double as brier_score
from (values (date '2011-04-30', 'all', 240), (date '2011-04-30', 'green', 20),
    (date '2011-04-30', 'amber', 40), (date '2011-04-30', 'red', 180)
) as bands(as_of_date, risk_band, published_count);

insert into scorecard.estimator_drift by name
select 'churn' as estimator, 'churn-1' as estimator_version, date '2011-11-30' as as_of_date, parts.*
from (values
    ('score', 'churn_probability', 900::bigint, 216::bigint, 0.05, 'stable'),
    ('feature', 'mrr', 900, 216, 0.10, 'watch'),
    ('feature', 'days_since_purchase', 900, 216, 0.26, 'act'),
    ('base_rate', 'has_happened', 900, 90, null, null)
) as parts(subject_kind, subject, reference_count, case_count, stability_index, drift_level);

insert into scorecard.estimator_fairness by name
select 'churn' as estimator, 'churn-1' as estimator_version, 'region' as group_kind, parts.*
from (values
    ('North', 120, 240, true, 0.2, 1.0, false, 0.5, 0.0, false, 0.0, -0.1, 0.1, false),
    ('South', 110, 220, true, 0.1, 0.5, true, 0.3, 0.2, true, 0.2, 0.1, 0.3, true),
    ('Isles', 10, 20, false, null, null, null, null, null, null, null, null, null, null)
) as parts(group_name, customer_count, case_count, is_assessable, selection_rate, selection_ratio,
    is_selection_flagged, hit_rate, hit_rate_gap, is_hit_rate_flagged, calibration_gap,
    calibration_gap_low, calibration_gap_high, is_calibration_flagged);

insert into scorecard.customer_scorecard by name
select customer_id, as_of_date, 'retail_billing' as profile, tier, 'revenue' as value_basis,
    case when not is_unscored then score end as score,
    case when is_unscored then 0.4 else 1.0 end::double as coverage,
    case when is_unscored then null when score < 50 then 'red' when score < 75 then 'amber'
        else 'green' end as band,
    case when is_unscored then 'insufficient_evidence' else 'published' end as status,
    2 as measure_count, case when not is_unscored then score end as score_before_exceptions,
    case when not is_unscored then score end as score_before_override, false as is_overridden,
    'health' as kind, case when not is_unscored then 2.0 end as score_change,
    3.0::double as dead_band, case when is_unscored then 'n/a' else 'flat' end as trend,
    case when not is_unscored then 1.5 end as value_change,
    case when not is_unscored then 0.5 end as scale_change,
    case when not is_unscored then 0.25 end as configuration_change,
    case when not is_unscored then -0.25 end as coverage_change,
    case when not is_unscored then 0.0 end as exception_change,
    case when not is_unscored then 0.0 end as override_change,
    case when customer_id = 'customer-0001' then 'green' end as risk_band,
    customer_id = 'customer-0001' as is_contradiction,
    case when as_of_date >= date '2011-10-31' then 2 else 1 end as config_version,
    score as current_value_score, 1.0::double as current_value_coverage,
    score as potential_score, 1.0::double as potential_coverage, 50.0::double as relationship_score,
    0.6::double as relationship_coverage
from people cross join months;

insert into scorecard.customer_scorecard_measures by name
select customer_id, as_of_date, profile, dimension, measure, 1.0::double as raw_value, score,
    0.25::double as weight, 0.5::double as effective_weight, 0.5 * score as contribution,
    3 as source_row_count
from scorecard.customer_scorecard
cross join (values ('current_value', 'revenue_12m'), ('relationship', 'loyalty_index'))
    as measures(dimension, measure)
where score is not null;

insert into scorecard.config_versions by name
select *, date '2011-11-30' as known_month, false as is_retroactive
from (values
    (1, 'scorecard_nodes', 'care / late / 2009-01-01', 'added', '*', null, null, 'anna', 'start',
        date '2009-01-01', date '2010-01-31', 1),
    (1, 'scorecard_nodes', 'care / late / 2011-10-15', 'changed', 'weight', '0.7', '0.6', 'ben',
        'too much', date '2011-10-15', date '2011-10-31', 2),
    (1, 'segment_strategies', 'high_high_high', 'added', '*', null, null, null, null, null, null,
        null)
) as changes(
    revision, seed, row_key, change, column_name, value_before, value_after, changed_by, reason,
    in_force_from, in_force_month, config_version
);

insert into scorecard.measure_checks by name
select * from (values
    ('retail_billing', 'revenue_12m', 'revenue_12m', 'percentile_portfolio', true, null::boolean,
        null::double, null::varchar, 0, true, 'value', true, 0.0::double, 45),
    ('retail_billing', 'nps', 'nps_answer', 'piecewise', true, true, 0.4::double, null::varchar, 3,
        true, 'experience', true, 90.0::double, 365)
) as checks (
    profile, measure, indicator_id, scoring, is_measurable, is_attainable, lowest_reached_ratio,
    tiers_out_of_reach, judged_tiers, is_relevant, objective, is_timely, age_days, freshness_days
);

insert into scorecard.customer_scorecard_nodes by name
select customer_id, as_of_date, profile, 'value' as node_id, 0 as depth, score, coverage,
    status, 1.0::double as weight, 1.0::double as effective_weight
from scorecard.customer_scorecard;

insert into scorecard.customer_scorecard_changes by name
select customer_id, as_of_date, profile, measure as cause, 'measure' as cause_kind,
    1.0::double as total_change
from scorecard.customer_scorecard_measures;

insert into scorecard.contradictions by name
select customer_id, as_of_date, profile, tier, score, coverage, band, risk_band,
    'unhealthy_safe' as contradiction
from scorecard.customer_scorecard where is_contradiction and band = 'red';

insert into scorecard.scorecard_missed_greens by name
select customer_id, as_of_date, profile, kind, tier, score, coverage,
    'contractual' as label_kind, date '2011-11-15' as churn_date, 'voluntary' as churn_reason
from scorecard.customer_scorecard
where band = 'green' and as_of_date = date '2011-10-31'
order by customer_id limit 3;

insert into scorecard.scorecard_backtest by name
select 'retail_billing' as profile, span, date '2011-10-31' as as_of_date,
    date '2011-10-31' as first_date, 'health' as kind, false as is_partly_in_sample,
    0.68 as churn_auc_same_kind, 24 as unscored_count,
    2 as unscored_churned_count,
    200 as customer_count, 31 as churned_count, 0.155 as churn_ratio, 0.11 as churn_low,
    0.21 as churn_high, false as is_churn_low_n, 0.7 as churn_auc,
    60 as green_count, 3 as green_churned_count, 0.05 as green_churn_ratio,
    0.01 as green_churn_low, 0.14 as green_churn_high, false as is_green_churn_low_n,
    80 as amber_count, 10 as amber_churned_count, 0.125 as amber_churn_ratio,
    0.07 as amber_churn_low, 0.21 as amber_churn_high, false as is_amber_churn_low_n,
    60 as red_count, 18 as red_churned_count, 0.3 as red_churn_ratio, 0.2 as red_churn_low,
    0.42 as red_churn_high, false as is_red_churn_low_n, true as is_monotone,
    6.0 as red_to_green_ratio, 0.58 as recall_ratio, 0.4 as recall_low, 0.73 as recall_high,
    false as is_recall_low_n, 169 as stayed_count, 0.25 as false_alarm_ratio,
    0.19 as false_alarm_low, 0.32 as false_alarm_high, false as is_false_alarm_low_n,
    9 as lead_time_count, 60 as lead_time_days_median,
    60 as expansion_known_count, 12 as expanded_count, 0.2 as expansion_ratio,
    0.12 as expansion_low, 0.32 as expansion_high, false as is_expansion_low_n,
    20 as green_expansion_known_count, 6 as green_expanded_count, 0.3 as green_expansion_ratio,
    0.14 as green_expansion_low, 0.52 as green_expansion_high, true as is_green_expansion_low_n,
    20 as amber_expansion_known_count, 4 as amber_expanded_count, 0.2 as amber_expansion_ratio,
    0.08 as amber_expansion_low, 0.42 as amber_expansion_high, true as is_amber_expansion_low_n,
    20 as red_expansion_known_count, 2 as red_expanded_count, 0.1 as red_expansion_ratio,
    0.02 as red_expansion_low, 0.31 as red_expansion_high, true as is_red_expansion_low_n,
    0.6 as expansion_auc
from (values ('month'), ('all_months')) as spans(span);

insert into scorecard.tier_scorecard_measures by name
select scores.as_of_date, scores.profile, groups.tier, measures.measure as cause,
    'measure' as cause_kind, count(*) as scored_count, count(*) as measured_count,
    avg(measures.score) as mean_measure_score, 0.5::double as mean_effective_weight,
    avg(measures.contribution) as contribution
from scorecard.customer_scorecard as scores
inner join scorecard.customer_scorecard_measures as measures
    using (customer_id, as_of_date, profile)
cross join lateral (values (scores.tier), ('all')) as groups(tier)
group by scores.as_of_date, scores.profile, groups.tier, measures.measure;

insert into scorecard.tier_scorecard_changes by name
select date '2011-11-30' as as_of_date, 'retail_billing' as profile, tier,
    date '2011-10-31' as previous_date, 12 as scored_count, 11 as previous_scored_count,
    10 as stayed_count, 1 as came_count, 1 as moved_in_count, 0 as evidence_gained_count,
    0 as left_count, 1 as moved_out_count, 0 as evidence_lost_count,
    62.0::double as mean_score, 60.0::double as previous_mean_score, 2.0::double as mean_change,
    1.5::double as value_change, -0.25::double as scale_change, 0.25::double as configuration_change,
    -1.0::double as coverage_change, -0.5::double as exception_change,
    0.5::double as override_change, 2.0::double as came_change, -1.0::double as moved_in_change,
    0.0::double as evidence_gained_change, 0.0::double as left_change,
    0.5::double as moved_out_change, 0.0::double as evidence_lost_change
from (values ('A'), ('all')) as tiers(tier);

insert into scorecard.override_rates by name
select date '2011-11-30' as as_of_date, 'retail_billing' as profile, team, 120 as scored_count,
    2 as overridden_count, 2 / 120 as overridden_ratio, 0.004::double as overridden_low,
    0.06::double as overridden_high, false as is_overridden_low_n, 1 as raised_count,
    1 as lowered_count, 0 as uncomputed_count, 3.5::double as mean_adjustment
from (values ('service'), ('all')) as teams(team);

insert into scorecard.portfolio_scorecard_measures by name
select months.as_of_date, 'balanced' as profile, parts.*, 'company' as target_source, 1.0::double as evidence,
    weight as effective_weight, weight * score as contribution
from (values (date '2011-10-31'), (date '2011-11-30')) as months(as_of_date)
cross join (values
    ('value', 'gross_margin', 'higher_is_better', 0.5::double, 0.2::double, 0.6::double,
        0.7::double, 0.833333::double, 56.25::double, 0.5::double),
    ('service', 'reopened', 'lower_is_better', 0.05::double, 0.2::double, 0.08::double,
        0.02::double, 1.6::double, 87.5::double, 0.5::double)
) as parts(
    perspective, measure, direction, raw_value, floor_value, target_value, stretch_value,
    attainment, score, weight
);

insert into scorecard.portfolio_scorecard by name
select as_of_date, profile, sum(contribution) as score, 1.0::double as coverage, 'amber' as band,
    'published' as status, 2 as measure_count, sum(contribution) - 3 as previous_score,
    3.0::double as score_change, 2.0::double as dead_band, 'up' as trend,
    2.0::double as value_change, 0.5::double as scale_change, 1.0::double as configuration_change,
    -0.5::double as coverage_change
from scorecard.portfolio_scorecard_measures group by as_of_date, profile;

insert into scorecard.portfolio_scorecard_nodes by name
select as_of_date, profile, 'balanced' as node_id, 0 as depth, score, coverage, status,
    1.0::double as weight, 1.0::double as effective_weight
from scorecard.portfolio_scorecard;

insert into scorecard.portfolio_scorecard_changes by name
select as_of_date, profile, measure, 1.0::double as value_change, 0.25::double as scale_change,
    0.5::double as configuration_change, -0.25::double as coverage_change,
    1.5::double as total_change
from scorecard.portfolio_scorecard_measures;

insert into scorecard.account_scorecard by name
select account_id, date '2011-11-30' as as_of_date, 'retail_billing' as profile,
    3 as member_count, 2 as scored_count, 100.0000 as contract_value,
    'value_weighted' as account_rollup, 55.0::double as score, 0.9::double as coverage,
    'published' as status, 70.0::double as own_score, 60.0::double as count_weighted_score,
    0.7::double as count_weighted_coverage, 55.0::double as value_weighted_score,
    0.9::double as value_weighted_coverage, 'customer-0003' as worst_customer_id,
    50.0::double as worst_score, date '2011-10-31' as previous_date,
    50.0::double as previous_score, 5.0::double as score_change
from (values ('customer-0001'), ('customer-0010')) as accounts(account_id);

insert into scorecard.account_scorecard_measures by name
select accounts.account_id, accounts.as_of_date, accounts.profile, parts.*
from scorecard.account_scorecard as accounts
cross join (values
    ('customer-0003', 'frequency_12m', 'measure', 0.75::double, 80.0::double, 0.75::double,
        60.0::double),
    ('customer-0003', 'exception', 'exception', 0.75::double, null, null, -10.0::double),
    ('customer-0004', 'frequency_12m', 'measure', 0.25::double, 20.0::double, 0.25::double,
        5.0::double)
) as parts(customer_id, cause, cause_kind, share, score, effective_weight, contribution);

insert into scorecard.account_scorecard_changes by name
select accounts.account_id, accounts.as_of_date, accounts.profile, accounts.previous_date,
    'customer-0003' as customer_id, parts.*, 0.5::double as previous_share, 0.75::double as share, 0.25::double as scale_change,
    -0.25::double as configuration_change, 0.5::double as coverage_change,
    -0.5::double as exception_change, 0.0::double as override_change
from scorecard.account_scorecard as accounts
cross join (values
    ('frequency_12m', 'measure', 4.0::double, 0.0::double, 4.0::double),
    ('member_share', 'member_share', 0.0::double, 1.0::double, 1.0::double)
) as parts(cause, cause_kind, value_change, share_change, total_change);

insert into scorecard.customer_value_segments by name
select customer_id, as_of_date, profile, tier, date '2010-12-31' as review_date,
    current_value_score, 50.0::double as current_value_cut,
    case when current_value_score >= 50 then 'high' else 'low' end as current_value_level,
    potential_score, 50.0::double as potential_cut,
    case when potential_score >= 50 then 'high' else 'low' end as potential_level,
    case when customer_id <> 'customer-0002' then relationship_score end as relationship_score,
    50.0::double as relationship_cut,
    case when customer_id <> 'customer-0002' then 'high' end as relationship_level,
    case
        when customer_id = 'customer-0002' then 'unclassified'
        when current_value_score >= 50 then 'high_high_high' else 'low_low_high'
    end as cell
from scorecard.customer_scorecard where as_of_date = date '2011-11-30';

insert into scorecard.value_segments by name
select as_of_date, profile, cell, case when cell <> 'unclassified' then 'Grow together' end
    as strategy, case when cell <> 'unclassified' then cell = 'high_high_high' end
    as needs_consent, count(*) as customer_count, count(*) / 240 as customer_share
from scorecard.customer_value_segments group by as_of_date, profile, cell;

insert into scorecard.profile_requirements by name
select * from (values
    ('retail_billing', 'current_value', 'revenue_12m', 0.25, true, null::varchar),
    ('retail_billing', 'relationship', 'loyalty_index', 0.25, true, null::varchar),
    ('retail_billing', 'relationship', 'nps', 0.5, false, 'A survey.')
) as requirements(profile, dimension, measure, weight, is_available, needs);

insert into raw.crm__customers by name
select crm_customer_id as customer_id, 'United Kingdom' as country,
    timestamp '2011-11-20' - to_days(number::int) as updated_at, 1::bigint as _load_id
from people;

insert into raw.billing__products by name
select 'product-' || i as product_id, timestamp '2011-01-05' as updated_at, 2::bigint as _load_id
from range(20) as numbers(i);

insert into raw.billing__invoices by name
select 'invoice-' || lpad(i::varchar, 4, '0') as invoice_id,
    case when i % 10 > 0 then 'crm-' || lpad((i % 240)::varchar, 4, '0') end as customer_id,
    timestamp '2011-11-29' - to_days((i % 600)::int) as invoiced_at,
    case when i % 2 = 0 then 'EUR' end as currency, 3::bigint as _load_id
from range(400) as numbers(i);

insert into raw.billing__invoice_lines by name
select 'line-' || lpad(i::varchar, 5, '0') as line_id,
    'invoice-' || lpad((i % 400)::varchar, 4, '0') as invoice_id,
    'product-' || i % 20 as product_id, 2::bigint as quantity, 2.5::decimal(18, 4) as unit_price,
    timestamp '2011-11-29' - to_days((i % 400 % 600)::int) as invoiced_at, 4::bigint as _load_id
from range(1000) as numbers(i);

insert into raw.billing__credit_notes by name
select 'credit-' || i as credit_line_id, -1::bigint as quantity, 2.5::decimal(18, 4) as unit_price,
    timestamp '2011-11-20' as credited_at, 5::bigint as _load_id
from range(40) as numbers(i);

insert into quarantine.refused_rows by name
select 4::bigint as load_id, 'billing' as system, 'invoice_lines' as table_name,
    'lines.csv' as file, 7::bigint as line, 'min' as rule, 'quantity' as column_name,
    'The quantity is below 0.' as message, 'secret raw text' as raw_text
union all by name
select 4 as load_id, 'billing' as system, 'invoice_lines' as table_name, 'lines.csv' as file,
    8 as line, 'min' as rule, 'quantity' as column_name, 'The quantity is below 0.' as message,
    'secret raw text' as raw_text;

-- A person dismissed the second of them.
insert into quarantine.decided_rows values (1, 4, 8, 'min');
insert into quarantine.decisions
select *, sha256(cast(to_json([
    cast(decision_id as varchar), cast(decided_at as varchar), action, author, reason, system,
    table_name, file, cast(load_id as varchar), waived_rule, waived_column,
    cast(row_count as varchar), rows_hash, cast(decision_load_id as varchar), previous_hash
]) as varchar))
from (values (
    1, timestamp '2011-12-01', 'dismiss', 'Ada', 'a test', 'billing', 'invoice_lines', 'lines.csv',
    4, '', '', 1, sha256('4:8:min'), -4, repeat('0', 64)
)) as decision(decision_id, decided_at, action, author, reason, system, table_name, file, load_id,
    waived_rule, waived_column, row_count, rows_hash, decision_load_id, previous_hash);

insert into control.loads by name
select * from (values
    (-4, 'billing', 'invoice_lines', 'lines.csv (dismissed from load 4)', 0, 0, 0, 0, 'loaded',
        'a test'),
    (-3, 'survey', 'responses', 'responses.csv', 100, 100, 0, 0, 'loaded', null),
    (-2, 'support', 'tickets', 'tickets.csv', 200, 200, 0, 0, 'loaded', null),
    (-1, 'billing', 'exchange_rates', 'rates.csv', 1, 1, 0, 0, 'loaded', null),
    (0, 'billing', 'subscriptions', 'subscriptions.csv', 27, 27, 0, 0, 'loaded', null),
    (1, 'crm', 'customers', 'customers.csv', 245, 240, 5, 0, 'loaded', null),
    (2, 'billing', 'products', 'products.csv', 20, 20, 0, 0, 'loaded', null),
    (3, 'billing', 'invoices', 'invoices.csv', 400, 400, 0, 0, 'loaded', null),
    (4, 'billing', 'invoice_lines', 'lines.csv', 1002, 1000, 0, 2, 'loaded', null),
    (5, 'billing', 'credit_notes', 'credits.csv', 40, 40, 0, 0, 'loaded', null)
) as loads(load_id, system, table_name, file, rows_read, rows_accepted, rows_unchanged,
    rows_quarantined, status, message);

drop table people; drop table months;
