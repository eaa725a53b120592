-- The marts of groups, with every column that the pages read; goes on where synthetic_company.sql
-- ends. Support was measured from March on. Tier C is a tier of few cases everywhere.
create temporary table groups as
select *
from (values ('A', 1, 120), ('B', 2, 200), ('C', 3, 8), ('all', 4, 328), ('none', 5, 0))
    as groups (tier, place, cases);

create temporary table periods as
select * from (values (1), (12)) as periods (period_months);

create or replace table scorecard.service_by_tier as
select
    months.as_of_date,
    periods.period_months,
    groups.tier,
    'all' as kind_group,
    groups.cases as ticket_count,
    0.02 as still_open_ratio,
    groups.cases as resolved_count,
    case when groups.cases > 0 then 600.0 * groups.place + months.month_number end
        as resolution_minutes_mean,
    case when groups.cases > 0 then 240.0 * groups.place end as resolution_business_minutes_p50,
    case when groups.cases > 0 then 960.0 * groups.place end as resolution_business_minutes_p90,
    case when groups.cases > 0 then 300.0 * groups.place end as median_resolution_minutes,
    case when groups.cases > 0 then 'resolved' end as median_method,
    case when groups.cases > 0 then 30.0 * groups.place end as first_reply_business_minutes_mean,
    groups.cases as sla_met_cases,
    case when groups.cases > 0 then 0.9 - 0.05 * groups.place end as sla_met_ratio,
    case when groups.cases > 0 then 0.8 - 0.05 * groups.place end as sla_met_low,
    case when groups.cases > 0 then 0.95 - 0.05 * groups.place end as sla_met_high,
    case when groups.cases > 0 then 0.8 end as first_reply_sla_met_ratio,
    groups.cases as first_contact_cases,
    case when groups.cases > 0 then 0.7 - 0.1 * groups.place end as first_contact_ratio,
    case when groups.cases > 0 then 0.65 - 0.1 * groups.place end as first_contact_low,
    case when groups.cases > 0 then 0.75 - 0.1 * groups.place end as first_contact_high,
    case when groups.cases > 0 then 0.75 - 0.1 * groups.place end as first_contact_net_ratio,
    case when groups.cases > 0 then 0.07 end as reopen_ratio,
    case when groups.cases > 0 then 0.05 end as reopen_low,
    case when groups.cases > 0 then 0.09 end as reopen_high,
    3 as sla_pending_count,
    5 as first_contact_pending_count,
    groups.place as open_count,
    case when groups.cases > 0 then 10 * groups.place end as open_age_days_max,
    groups.cases < 30 as is_low_n,
    groups.cases < 30 as is_first_reply_sla_met_low_n,
    groups.cases < 30 as is_first_contact_low_n,
    groups.cases < 30 as is_first_contact_net_low_n,
    groups.cases < 30 as is_sla_met_low_n
from months
cross join groups
cross join periods
where months.as_of_date >= date '2011-03-31';

create or replace table scorecard.efficiency_by_tier as
select
    months.as_of_date,
    periods.period_months,
    groups.tier,
    40.0 + 10 * groups.place as efficiency_score,
    11.0 * groups.place as resolution_hours_target,
    50.0 as resolution_hours_score,
    60.0 as acquisition_cost_score,
    0.55 as first_contact_ratio_target,
    70.0 as first_contact_ratio_score,
    cast(1000 * groups.place as decimal(18, 2)) as cost_to_serve,
    cast(20 as decimal(18, 2)) as cost_per_ticket,
    cast(300 as decimal(18, 2)) as retention_cost,
    cast(9000 as decimal(18, 2)) as retained_gross_margin,
    4.5 as efficiency_ratio,
    groups.cases < 30 as is_low_n
from months
cross join groups
cross join periods
where groups.tier in ('A', 'B', 'C') and months.as_of_date >= date '2011-03-31';

create or replace table scorecard.service_level_cases as
select
    months.as_of_date,
    cells.tier,
    cells.region,
    thresholds.tiers_below_from,
    50 as ticket_count,
    cells.below_count as below_ticket_count,
    40 as customer_count,
    cells.below_count as below_customer_count,
    80 as rest_customer_count,
    2 as rest_below_customer_count,
    cells.difference_low,
    'C' as usual_sla_tier,
    cells.difference_low > 0.1 and months.as_of_date >= date '2011-07-31' as is_case,
    case
        when cells.difference_low > 0.1 and months.as_of_date >= date '2011-07-31'
            then date '2011-07-31'
    end as case_since
from months
cross join (
    values ('A', 'North', 30, 0.45), ('A', 'South', 1, -0.1), ('B', 'North', 1, -0.1)
) as cells (tier, region, below_count, difference_low)
cross join (values (1), (2)) as thresholds (tiers_below_from)
where months.as_of_date >= date '2011-03-31';

create or replace table scorecard.complaints_by_tier as
select
    service.as_of_date,
    service.period_months,
    service.tier,
    cast(service.ticket_count / 4 as integer) as complaint_count,
    case when service.ticket_count > 0 then 25.5 end as complaints_per_1000_customers,
    case when service.ticket_count > 0 then 0.8 end as sla_met_ratio,
    case when service.ticket_count > 0 then 0.1 end as repeat_ratio,
    case when service.ticket_count > 0 then 0.4 end as upheld_ratio,
    case when service.ticket_count > 0 then 0.7 end as retained_ratio,
    service.is_low_n
from scorecard.service_by_tier as service;

create or replace table scorecard.complaint_episodes as
select
    topic,
    date '2011-09-03' as started_on,
    as_of_date,
    date '2011-09-05' as detected_on,
    date '2011-09-07' as peak_on,
    31 as peak_count,
    4.5 as usual_count,
    96 as ticket_count,
    recovered_on,
    71 as affected_customers,
    cast(81234.50 as decimal(18, 2)) as affected_revenue_12m
from (values
    ('login', date '2011-09-30', cast(null as date)),
    ('login', date '2011-10-31', date '2011-10-04'),
    ('delivery', date '2011-09-30', cast(null as date))
) as episodes (topic, as_of_date, recovered_on);

create or replace table scorecard.self_service as
select
    months.as_of_date,
    12 as period_months,
    44 as bot_ticket_count,
    40 as bot_containment_cases,
    4 as bot_containment_pending_count,
    0.5 as bot_containment_ratio,
    0.35 as bot_containment_low,
    0.65 as bot_containment_high,
    false as is_bot_containment_low_n,
    cast(null as integer) as help_centre_visit_count,
    cast(null as integer) as help_centre_cases,
    cast(null as integer) as help_centre_pending_count,
    cast(null as double) as help_centre_ratio,
    cast(null as double) as help_centre_low,
    cast(null as double) as help_centre_high,
    cast(null as boolean) as is_help_centre_low_n
from months;

create or replace table scorecard.team_indicators as
select
    months.as_of_date,
    12 as period_months,
    teams.scope,
    teams.scope_id,
    teams.resolved_count,
    teams.ratio as resolution_time_ratio,
    teams.ratio - 0.1 as resolution_time_low,
    teams.ratio + 0.1 as resolution_time_high,
    teams.standing as resolution_time_standing,
    teams.resolved_count < 30 as is_resolution_time_low_n,
    0.42 as first_contact_ratio,
    false as is_first_contact_low_n,
    0.61 as csat_ratio,
    true as is_csat_low_n,
    76.5 as quality_score,
    false as is_quality_low_n
from months
cross join (
    values
        ('all', 'all', 118, 1.0, 'not separated'),
        ('team', 't-1', 100, 0.8, 'better'),
        ('team', 't-2', 18, 1.05, 'not separated'),
        ('agent', 'e-1', 60, 0.7, 'better')
) as teams (scope, scope_id, resolved_count, ratio, standing);

create or replace table scorecard.nps_by_group as
select
    months.as_of_date,
    12 as period_months,
    'p-1' as programme_id,
    kinds.group_kind,
    kinds.group_value,
    4 * kinds.answers as delivered_count,
    kinds.answers as answered_count,
    0.25 as response_ratio,
    0.2 as response_low,
    0.3 as response_high,
    kinds.answers as nps_count,
    cast(0.6 * kinds.answers as integer) as promoter_count,
    cast(0.25 * kinds.answers as integer) as passive_count,
    cast(0.15 * kinds.answers as integer) as detractor_count,
    45.0 as nps,
    30.497591 as nps_low,
    59.502409 as nps_high,
    41.25 as weighted_nps,
    case when kinds.group_kind <> 'wave' then 20.5 end as nps_change,
    case when kinds.group_kind <> 'wave' then 14.5 end as nps_change_margin,
    case when kinds.group_kind <> 'wave' then true end as is_nps_change_real,
    kinds.answers < 30 as is_low_n,
    4 * kinds.answers < 30 as is_response_low_n
from months
cross join (
    values ('all', 'all', 100), ('tier', 'A', 80), ('tier', 'B', 20), ('wave', '2011Q2', 100)
) as kinds (group_kind, group_value, answers)
where months.as_of_date between date '2011-04-30' and date '2011-10-31';

create or replace table scorecard.satisfaction_by_group as
select
    nps.as_of_date,
    nps.period_months,
    nps.programme_id,
    nps.group_kind,
    nps.group_value,
    nps.nps_count as csat_count,
    0.6 as csat_top_two_ratio,
    0.5 as csat_top_two_low,
    0.7 as csat_top_two_high,
    62.5 as csat_mean_score,
    nps.is_low_n as is_csat_low_n,
    0 as ces_count,
    cast(null as double) as ces_easy_ratio,
    cast(null as double) as ces_easy_low,
    cast(null as double) as ces_easy_high,
    cast(null as double) as ces_mean,
    true as is_ces_low_n
from scorecard.nps_by_group as nps;

create or replace table scorecard.anchor_attainment as
select
    months.as_of_date,
    12 as period_months,
    anchors.*,
    groups.tier,
    2 as pending_count,
    cast(0.1 as double) as impact_margin,
    anchors.target_attainment - anchors.attainment as gap_to_target
from months
cross join groups
cross join (
    values
        ('invoice_query', 'resolution_time', 'Resolved within one business day', 40, 28, 0.7, 0.55,
            0.82, false, 0.8, 1.5, 18.0, 1),
        ('invoice_query', 'first_contact', 'Resolved at first contact', 40, 36, 0.9, 0.77, 0.96,
            false, 0.8, 1.2, 4.8, 2),
        ('major_complaint', 'satisfaction', 'Satisfied: 4 or 5 of 5', 2, 1, 0.5, 0.09, 0.91, true,
            0.7, 1.0, 1.0, null),
        ('invoice_query', 'all', 'All critical standards', 40, 28, 0.7, 0.55, 0.82, false, 0.8, 1.5,
            18.0, null)
) as anchors (
    anchor_id, metric, standard_name, occurrence_count, met_count, attainment, attainment_low,
    attainment_high, is_low_n, target_attainment, impact, friction_index, friction_rank
);

create or replace table scorecard.anchor_projects as
select
    months.as_of_date,
    projects.project_id,
    projects.title,
    'invoice_query' as anchor_id,
    projects.status,
    projects.before_attainment,
    projects.before_attainment + projects.difference as after_attainment,
    projects.difference,
    projects.difference - 0.05 as difference_low,
    projects.difference + 0.05 as difference_high,
    projects.net_difference,
    projects.net_difference - 0.04 as net_difference_low,
    projects.net_difference + 0.04 as net_difference_high,
    projects.net_difference > 0.04 as is_beyond_chance,
    false as is_low_n
from months
cross join (
    values ('PRJ-1', 'A new page', 'compared', 0.5, 0.15, 0.1),
        ('PRJ-2', 'A second line', 'compared', 0.6, 0.12, 0.02),
        ('PRJ-3', 'A new form', 'rolling out', null, null, null)
) as projects (project_id, title, status, before_attainment, difference, net_difference);

create or replace table scorecard.anchor_audits as
select
    as_of_date,
    'invoice_query' as anchor_id,
    40 as compared_count,
    0.85 as agreement_ratio,
    0.71 as agreement_low,
    0.93 as agreement_high,
    0.7 as system_met_ratio,
    0.6 as auditor_met_ratio,
    false as is_low_n,
    true as is_measure_in_doubt
from months;

create or replace table scorecard.journey_funnel as
select
    months.as_of_date,
    kinds.cohort_kind,
    case kinds.cohort_kind when 'month' then cohorts.as_of_date else months.as_of_date end
        as cohort_month,
    stages.stage,
    stages.place,
    case kinds.cohort_kind when 'month' then 20 else 240 end as entered_count,
    6 as out_of_order_count,
    case kinds.cohort_kind
        when 'month' then case when cohorts.month_number > 8 then 20 else 0 end
        else 60
    end as pending_count,
    kinds.cohort_kind = 'month' and cohorts.month_number <= 8 as is_final,
    case
        when stages.stage = 'use' then null
        when kinds.cohort_kind = 'month'
            then case when cohorts.month_number > 8 then 0 else 20 end
        else 180
    end as conversion_cases,
    case
        when stages.stage = 'use' or (kinds.cohort_kind = 'month' and cohorts.month_number > 8)
            then null
        when kinds.cohort_kind = 'month' then 15
        else 135
    end as converted_count,
    case
        when stages.stage <> 'use' and (kinds.cohort_kind <> 'month' or cohorts.month_number <= 8)
            then 0.75
    end as conversion_ratio,
    0.68 as conversion_low,
    0.81 as conversion_high,
    30.0 as dwell_days_p50,
    88.0 as dwell_days_p90,
    0.2 as drop_off_ratio,
    kinds.cohort_kind = 'month' as is_conversion_low_n
from months
cross join (values ('awareness', 1), ('purchase', 2), ('use', 3)) as stages (stage, place)
cross join (values ('month'), ('last_12_months')) as kinds (cohort_kind)
inner join months as cohorts
    on cohorts.as_of_date <= months.as_of_date
    and (kinds.cohort_kind = 'month' or cohorts.as_of_date = months.as_of_date)
where months.as_of_date >= date '2011-11-30';

create or replace table scorecard.touchpoints as
select
    months.as_of_date,
    12 as period_months,
    points.*,
    1.25 as contacts_per_customer_month,
    0.4 as customer_initiated_ratio
from months
cross join (
    values
        ('service_desk', 'Service desk', 'after_sales', 'customer service', false, 900),
        ('executive call', null, null, null, true, 12)
) as points (touchpoint, touchpoint_name, journey_stage, owner, is_unowned, contact_count);

create or replace table scorecard.process_steps as
select
    months.as_of_date,
    12 as period_months,
    steps.*,
    0.05 as rework_ratio,
    steps.entry_count < 30 as is_low_n
from months
cross join (
    values
        ('ticket', 'new', 1, 300, 45.0, 300.0, 4),
        ('ticket', 'open', 2, 290, 600.0, 7200.0, 9),
        ('complaint', 'received', 1, 20, 90.0, 2880.0, 1)
) as steps (process, step, place, entry_count, minutes_p50, minutes_p90, ongoing_count);

create or replace table scorecard.perceived_value_by_group as
select
    months.as_of_date,
    'all' as group_kind,
    'all' as group_value,
    parts.*,
    parts.performance - 3 as performance_low,
    parts.performance + 3 as performance_high,
    parts.answer_count < 30 as is_low_n
from months
cross join (
    values
        ('index', 'both', 66, 64.0, null, null),
        ('service', 'benefit', 60, 61.5, 0.3, 'improve_first'),
        ('money', 'cost', 12, 70.0, 0.2, 'keep_up')
) as parts (dimension, side, answer_count, performance, derived_importance, quadrant);

create or replace table scorecard.tier_indicators as
select
    tiers.*,
    60.5 as mean_loyalty_index,
    55.5 as mean_depth_index,
    40 as retention_start_count,
    0.75 as customer_retention_ratio_12m,
    0.6 as customer_retention_low_12m,
    0.86 as customer_retention_high_12m,
    tiers.tier = 'C' as is_retention_low_n,
    30 as revenue_retention_count,
    1.04 as net_revenue_retention_12m,
    0.98 as net_revenue_retention_low_12m,
    1.1 as net_revenue_retention_high_12m,
    tiers.tier = 'C' as is_revenue_retention_low_n,
    24 as winback_count,
    3 as winback_pending_count,
    0.25 as winback_ratio,
    0.12 as winback_low,
    0.45 as winback_high,
    tiers.tier = 'C' as is_winback_low_n
from scorecard.tier_indicators as tiers;

create or replace table scorecard.portfolio_indicators as
select
    portfolio.*,
    0.288889 as customer_churn_ratio,
    0.88 as gross_revenue_retention,
    0.84 as gross_revenue_retention_low,
    0.92 as gross_revenue_retention_high,
    1.05 as net_revenue_retention,
    1.01 as net_revenue_retention_low,
    1.09 as net_revenue_retention_high,
    72 as winback_count,
    9 as winback_pending_count,
    0.25 as winback_ratio,
    0.16 as winback_low,
    0.36 as winback_high,
    false as is_winback_low_n
from scorecard.portfolio_indicators as portfolio;

create or replace table scorecard.acquisition_cost as
select
    months.as_of_date,
    12 as period_months,
    costs.channel,
    costs.tier,
    1 as lag_months,
    true as is_fully_loaded,
    cast(250 * costs.won as decimal(18, 2)) as acquisition_cost,
    cast(100 as decimal(18, 2)) as shared_cost,
    costs.won as new_customer_count,
    cast(case when costs.won > 0 then 250 end as decimal(18, 2)) as acquisition_cost_per_customer,
    case when costs.won > 0 then 5.0 end as payback_months,
    costs.won < 30 as is_low_n
from months
cross join (
    values ('all', 'all', 36), ('all', 'A', 36), ('all', 'B', 0), ('search', 'all', 30),
        ('social', 'all', 6)
) as costs (channel, tier, won);

create or replace table scorecard.campaign_performance as
select
    months.as_of_date,
    campaigns.campaign_id,
    date '2011-01-01' + interval (campaigns.place) month as starts_on,
    500 as sent_count,
    7 as sent_without_consent_count,
    6 as sent_to_lead_without_consent_count,
    480 as delivered_count,
    0.02 as conversion_ratio,
    cast(100 as decimal(18, 2)) as cost_amount,
    5 as lead_count,
    20.0 as cost_per_lead,
    'margin' as value_basis,
    cast(300 as decimal(18, 2)) as linear_margin,
    case when campaigns.place = 1 then 2.1 end as first_touch_return_ratio,
    case when campaigns.place = 1 then 1.9 end as last_touch_return_ratio,
    case when campaigns.place = 1 then 2.0 end as linear_return_ratio
from months
cross join (values ('c-1', 1), ('c-2', 2)) as campaigns (campaign_id, place);

create or replace table scorecard.campaign_effects as
select
    months.as_of_date,
    'c-1' as campaign_id,
    'compared' as status,
    250 as treated_count,
    240 as control_count,
    true as is_below_plan,
    false as is_low_n,
    0.01 as incremental_conversion,
    -0.05 as incremental_conversion_low,
    0.07 as incremental_conversion_high,
    cast(40 as decimal(18, 2)) as incremental_value,
    cast(-20 as decimal(18, 2)) as incremental_value_low,
    cast(100 as decimal(18, 2)) as incremental_value_high,
    -0.6 as incremental_return_ratio
from months;

create or replace table scorecard.customer_indicators as
select
    indicators.*,
    case hash(indicators.customer_id) % 5
        when 0 then 'explore' when 1 then 'familiar' when 2 then 'familiar' when 3 then 'trust'
        else 'exit'
    end as relationship_stage,
    case
        when hash(indicators.customer_id) % 5 < 4 then hash(indicators.customer_id) % 7 = 0
    end as is_stage_declining,
    case
        when hash(indicators.customer_id) % 3 > 0
            then cast(hash(concat(indicators.customer_id, 'health')) % 100 as double)
    end as relationship_health,
    indicators.customer_id <= 'c-0005' as is_relationship_alert,
    hash(indicators.customer_id) % 8 = 0 as is_silent_loyalist,
    hash(indicators.customer_id) % 12 = 0 as is_silent_leaver,
    case
        when indicators.customer_id = 'c-0011' then 'at_risk'
        when hash(indicators.customer_id) % 20 = 1 then 'constructive'
        else 'none'
    end as frequent_complainer,
    case hash(indicators.customer_id) % 5
        when 0 then 'star' when 1 then 'quiet_payer' when 2 then 'hidden_gem' when 3 then 'low'
    end as iceberg_quadrant,
    case when indicators.is_active then 'mature' else 'lost' end as lifecycle_state,
    cast(null as double) as stickiness_1m
from scorecard.customer_indicators as indicators;

create or replace table scorecard.rhi_alerts as
select
    concat('customer-', customer_id, '-2011-11-30') as alert_id,
    'customer' as alert_scope,
    customer_id,
    'A' as tier,
    date '2011-11-30' as opened_on,
    case when customer_id <= 'c-0002' then 'low_health falling_health' else 'low_health' end
        as opened_by,
    date '2011-12-31' as last_alarming_on,
    cast(null as date) as closed_on,
    cast(null as varchar) as closed_by,
    2 as months_open,
    35.0 as health_at_opening,
    cast(1000 as decimal(18, 2)) as revenue_12m_at_opening
from scorecard.customers
where customer_id <= 'c-0005';

create or replace table scorecard.rhi_alert_performance as
select
    months.as_of_date,
    rules.*,
    'all' as tier,
    40 as loss_count,
    rules.recall_ratio - 0.1 as recall_low,
    rules.recall_ratio + 0.1 as recall_high,
    0.4 as in_time_ratio,
    0.3 as in_time_low,
    0.5 as in_time_high,
    50 as alert_count,
    20 as right_count,
    0.4 as precision_ratio,
    0.3 as precision_low,
    0.5 as precision_high,
    7 as pending_count,
    false as is_recall_low_n,
    false as is_precision_low_n
from months
cross join (
    values ('relationship_health', 8, 0.2, 70.0), ('no_purchase', 30, 0.75, 20.0)
) as rules (rule, warned_count, recall_ratio, lead_days_median);

create or replace table scorecard.stage_transitions as
select
    months.as_of_date,
    periods.period_months,
    'all' as tier,
    moves.from_stage,
    moves.to_stage,
    100 as start_count,
    moves.customer_count,
    moves.customer_count / 100.0 as move_ratio,
    false as is_low_n
from months
cross join periods
cross join (
    values
        ('familiar', 'explore', 6), ('familiar', 'familiar', 80), ('familiar', 'trust', 12),
        ('familiar', 'co_create', 0), ('familiar', 'exit', 2)
) as moves (from_stage, to_stage, customer_count);

create or replace table scorecard.stage_playbooks as
select *, stage = 'exit' as needs_consent
from (values
    ('explore', 'Explore', '探索期', 'A second purchase', '第二次购买', 'Welcome', '欢迎'),
    ('familiar', 'Familiar', '熟悉期', 'A habit', '习惯', 'Teach', '引导'),
    ('trust', 'Trust', '信任期', 'Keep the promise', '信守承诺', 'A plan for the year', '年度计划'),
    ('co_create', 'Co-create', '共创期', 'Grow together', '共同成长', 'Joint development', '联合开发'),
    ('exit', 'Left', '已流失', 'Learn why', '了解原因', 'Ask', '询问')
) as playbooks (stage, name, name_zh, goal, goal_zh, strategy, strategy_zh);

create or replace table scorecard.kpi_associations as
select
    months.as_of_date,
    pairs.pair_id,
    'all' as segment,
    lags.lag_months,
    pairs.x_name,
    'revenue' as y_name,
    pairs.unit_count,
    2000 as sampled_customer_count,
    5000 as customer_count,
    case when pairs.is_tested then pairs.rho - lags.lag_months / 100.0 end as rho,
    case when pairs.is_tested then pairs.rho - 0.2 end as rho_low,
    case when pairs.is_tested then pairs.rho + 0.2 end as rho_high,
    case when pairs.is_tested then 0.11 end as partial_rho,
    case when pairs.is_tested then -0.12 end as within_rho,
    case when pairs.is_tested then 0.13 end as between_rho,
    pairs.is_tested,
    case when not pairs.is_tested then 'constant' end as not_tested_reason,
    pairs.is_tested and pairs.rho > 0.2 as is_supported,
    pairs.is_tested and lags.lag_months = 0 as is_best_lag,
    pairs.pair_id = 'csat_revenue' as is_sign_flip,
    'Higher satisfaction goes with a higher revenue in the same month.' as sentence
from months
cross join (values (0), (1), (2), (3), (4), (5), (6)) as lags (lag_months)
cross join (values
    ('csat_revenue', 'higher satisfaction', 100, 0.3, true),
    ('sla_stay', 'more service in time', 90, 0.1, true),
    ('adoption_win', 'more use of the CRM', 2, 0.0, false)
) as pairs (pair_id, x_name, unit_count, rho, is_tested)
where months.as_of_date = (select max(as_of_date) from months);

create or replace table scorecard.credit_by_grade as
select
    months.as_of_date,
    grades.grade,
    grades.customer_count,
    cast(100 * grades.customer_count as decimal(18, 2)) as receivable_amount,
    cast(25 * grades.customer_count as decimal(18, 2)) as overdue_amount,
    0.25 as overdue_ratio,
    1 as over_limit_count,
    grades.customer_count as bad_cases,
    grades.bad_count,
    grades.bad_count / cast(grades.customer_count as double) as bad_ratio,
    0.0 as bad_low,
    0.9 as bad_high,
    grades.customer_count < 30 as is_bad_low_n
from months
cross join (
    values ('A', 100, 2), ('E', 20, 10), ('unrated', 40, 1), ('all', 160, 13)
) as grades (grade, customer_count, bad_count);

create or replace table scorecard.indicator_coverage as
select
    months.as_of_date,
    coverage.*,
    case when coverage.indicator_id = 'satisfaction_index' then 'buyer' else 'seller' end
        as viewpoint,
    200 as customers,
    coverage.measured_customers / 200.0 as measured_share
from months
cross join (
    values
        ('revenue_12m', null, 200, 0, 'measured', null),
        ('value_trend', null, 150, 0, 'partly measured',
            'data begin within its window: billing (month to 2011-01-31)'),
        ('tickets_resolved_6m', 'support', 50, 150, 'partly measured', null),
        ('satisfaction_index', 'support or survey', 0, 0, 'not measured',
            'not connected: survey')
) as coverage (
    indicator_id, needs_system, measured_customers, customers_without_cases, status, why_not
);

-- Assessments of the organisation: one closed a year ago, one closed in October, one open.
create table scorecard.cmat_overall as
select
    cast(as_of_date as date) as as_of_date,
    assessment_id,
    cast(opened_on as date) as opened_on,
    cast(opened_on as date) + 28 as closes_on,
    is_closed,
    3 as dimension_count,
    2 as assessor_count,
    4 as practice_count,
    1 as not_applicable_count,
    1 as unanswered_count,
    0 as partly_answered_count,
    1 as capped_count,
    2 as measured_count,
    overall_percent,
    35.0 as benchmark_mean_percent,
    67.0 as benchmark_best_percent,
    17.0 as benchmark_worst_percent,
    case when is_closed then 'above_mean' end as benchmark_position,
    cast(null as integer) as benchmark_quartile
from (
    values
        ('2011-09-30', 'Y-2010', '2010-10-01', true, 36.0),
        ('2011-11-30', 'Y-2011', '2011-10-01', true, 40.5),
        ('2011-12-31', 'Y-2011', '2011-10-01', true, 40.5),
        ('2011-12-31', 'Y-2012', '2011-12-20', false, 80.0)
) as assessments (as_of_date, assessment_id, opened_on, is_closed, overall_percent);

create table scorecard.cmat_sections as
select
    overall.as_of_date,
    overall.assessment_id,
    sections.*,
    concat('部分', sections.place) as section_name_zh,
    2 as practice_count,
    4 - 2 * sections.place as counted_count
from scorecard.cmat_overall as overall
cross join (
    values
        ('analysis_planning', 1, 'Analysis and planning', 40.5, 75.0, 37.5, 12.0),
        ('technology', 2, 'Information and technology', null, null, null, null),
        ('measurement', 3, 'Measurement', 10.0, 10.0, 12.0, 8.0)
) as sections (
    section_id, place, section_name, section_percent, intention_percent, reality_percent,
    effect_percent
);

create table scorecard.cmat_practices as
select
    overall.as_of_date,
    overall.assessment_id,
    practices.*,
    concat('要素', practices.practice_id) as element_zh,
    concat('做法', practices.practice_id) as practice_zh,
    'retention' as reap,
    'The figures' as evidence_asked,
    '数据' as evidence_asked_zh,
    overall.closes_on,
    overall.is_closed,
    3 as dimension_count,
    coalesce(practices.stated_reality_level > practices.reality_level, false) as is_capped,
    'Share of customers' as metric_name,
    '客户占比' as metric_name_zh,
    'ratio' as metric_unit
from scorecard.cmat_overall as overall
cross join (
    values
        ('P01.1', 'analysis_planning', 'ranking', 'Customers are ranked', 'answered', 4.0, 1.0,
            3.5, 2.0, 50.0, 0.4, 4, 1, 2.5),
        ('P01.2', 'analysis_planning', 'value', 'Value is estimated', 'answered', 2.0, 2.0, 2.0, 1.0,
            43.75, 0.97, 4, 4, -2.0),
        ('P07.1', 'measurement', 'campaigns', 'Campaigns are measured', 'unanswered', null, null,
            null, null, 0.0, null, 4, null, null),
        ('P05.1', 'technology', 'consent', 'Consent is kept', 'not_applicable', null, null, null,
            null, null, null, null, null, null)
) as practices (
    practice_id, section_id, element, practice, answer_status, intention_level, reality_level,
    stated_reality_level, effect_level, practice_percent, metric_value, measurable_level,
    measured_level, perception_gap
);

create table scorecard.cmat_agreement as
select
    overall.as_of_date,
    overall.assessment_id,
    1 as first_assessor,
    2 as second_assessor,
    pairs.*
from scorecard.cmat_overall as overall
cross join (
    values
        ('reality', 40, 0.71, 0.1, -0.1, 0.3, false),
        ('effect', 8, null, null, null, null, true)
) as pairs (
    dimension, common_practice_count, weighted_kappa, mean_difference, mean_difference_low,
    mean_difference_high, is_low_n
);

create table scorecard.cmat_metrics as
select date '2011-12-31' as as_of_date, 'clv_coverage' as metric_id, 0.97 as value;

create table scorecard.cmat_findings as
select 'Y-2011' as assessment_id, 'P01.1' as practice_id, 'level_without_evidence' as finding;
