-- What the other systems of the synthetic company say, in the shape of the published marts; goes on
-- where synthetic_marts.sql ends. Support was measured from March on, the surveys from April to
-- October with nothing in July, the product until November.
create or replace table scorecard.company as
select * replace ('billing, crm, support, survey, usage' as measured_systems)
from scorecard.company;

create or replace table scorecard.source_months as
select
    source_system,
    as_of_date,
    as_of_date between first_month and last_month as is_measured,
    case
        when not as_of_date between first_month and last_month then null
        when source_system = 'survey' and month_number = 6 then 0
        else cast(500 + 10 * month_number as bigint)
    end as fact_count
from months
cross join (values
    ('billing', date '2011-01-31', date '2011-12-31'),
    ('crm', date '2011-01-31', date '2011-12-31'),
    ('support', date '2011-03-31', date '2011-12-31'),
    ('survey', date '2011-04-30', date '2011-10-31'),
    ('usage', date '2011-01-31', date '2011-11-30'),
    ('marketing', cast(null as date), cast(null as date)),
    ('organisation', cast(null as date), cast(null as date))
) as systems (source_system, first_month, last_month);
update scorecard.source_months set is_measured = false where is_measured is null;
update scorecard.source_months set fact_count = null where not is_measured;

create or replace table scorecard.customers as
select
    customers.* exclude (is_in_crm),
    case when hash(customer_id) % 3 = 0 then 'organisation' else 'individual' end
        as customer_kind,
    case when hash(customer_id) % 3 = 0 then concat('Firm ', crm_customer_id) end
        as organisation_name,
    cast(null as varchar) as parent_customer_id,
    customer_id as account_id,
    concat('e-', hash(customer_id) % 7) as owner_id,
    'search' as acquisition_channel,
    case when hash(customer_id) % 3 = 0 then 'retail' end as industry,
    'north' as region,
    'proactive' as relationship_type,
    hash(customer_id) % 2 = 0 as has_marketing_consent,
    cast(null as decimal(18, 4)) as credit_limit,
    is_in_crm,
    true as is_in_billing,
    hash(customer_id) % 4 > 0 as is_in_support,
    hash(customer_id) % 5 > 0 as is_in_survey,
    hash(customer_id) % 2 = 0 as is_in_usage,
    cast(3 + hash(customer_id) % 4 as integer) as source_record_count
from scorecard.customers as customers;

create table scorecard.customer_sources as
select
    customer_id,
    source_system,
    case source_system when 'crm' then 'own_id' when 'billing' then 'exact_id' else 'email' end
        as link_method,
    cast(case when source_system = 'support' then source_record_count - 2 else 1 end as integer)
        as record_count,
    cast(case source_system when 'support' then 0.98 else 1 end as decimal(9, 6))
        as lowest_link_score
from scorecard.customers
cross join (values ('crm'), ('billing'), ('support')) as systems (source_system);

create table scorecard.customer_history as
select
    customer_id,
    as_of_date,
    tier,
    case when as_of_date < date '2011-06-30' then 'e-1' else concat('e-', hash(customer_id) % 7) end
        as owner_id,
    'north' as region,
    'proactive' as relationship_type,
    'search' as acquisition_channel,
    true as has_marketing_consent,
    cast(null as decimal(18, 4)) as credit_limit,
    case when hash(customer_id) % 3 = 0 then 'plan-team' end as plan_product_id,
    case when hash(customer_id) % 3 = 0 then 4 end as subscribed_quantity,
    case when hash(customer_id) % 3 = 0 then cast(
        case when as_of_date < date '2011-09-30' then 25 else 27.5 end as decimal(18, 4)
    ) end as plan_unit_price,
    case when hash(customer_id) % 3 = 0 then cast(
        case when as_of_date < date '2011-09-30' then 100 else 110 end as decimal(18, 4)
    ) end as mrr
from scorecard.customer_indicators;

create table scorecard.mrr_movements as
with levels as (
    select
        people.customer_id,
        months.as_of_date,
        months.month_number,
        cast(case
            when months.month_number < hash(people.customer_id) % 6 then 0
            when months.month_number > 4 + hash(people.customer_id) % 13 then 0
            else 40 + 10 * floor(months.month_number * people.pace / 3)
                - 10 * (hash(concat(people.customer_id, months.month_number)) % 2)
        end as decimal(18, 4)) as mrr
    from people
    cross join months
    where hash(people.customer_id) % 3 = 0
), moves as (
    select
        *,
        coalesce(lag(mrr) over (partition by customer_id order by as_of_date), 0) as opening_mrr
    from levels
), named as (
    select
        *,
        case
            when opening_mrr = 0 and mrr > 0 then 'new'
            when opening_mrr > 0 and mrr = 0 then 'churned'
            when mrr > opening_mrr then 'expansion'
            when mrr < opening_mrr then 'contraction'
            else 'unchanged'
        end as movement
    from moves
)
select
    customer_id,
    as_of_date,
    movement,
    cast(opening_mrr as decimal(18, 4)) as opening_mrr,
    cast(case when movement = 'new' then mrr - opening_mrr else 0 end as decimal(18, 4)) as new_mrr,
    cast(case when movement = 'expansion' then mrr - opening_mrr else 0 end as decimal(18, 4))
        as expansion_mrr,
    cast(case when movement = 'contraction' then mrr - opening_mrr else 0 end as decimal(18, 4))
        as contraction_mrr,
    cast(case when movement = 'churned' then mrr - opening_mrr else 0 end as decimal(18, 4))
        as churned_mrr,
    cast(0 as decimal(18, 4)) as reactivation_mrr,
    mrr as closing_mrr,
    cast(null as integer) as gap_months,
    cast(case when mrr > 0 then 1 else 0 end as integer) as subscription_count,
    cast(4 as bigint) as quantity,
    'plan-team' as plan_product_id,
    cast(25 as decimal(18, 4)) as plan_unit_price
from named;

create table scorecard.subscriptions as
select
    concat('s-', customer_id) as subscription_id,
    customer_id,
    'plan-team' as product_id,
    'active' as status,
    cast(25 as decimal(18, 4)) as unit_price,
    cast(100 as decimal(18, 4)) as mrr
from people
where hash(customer_id) % 3 = 0;

create table scorecard.invoices as
select
    concat('i-', customer_id, '-', month_number) as invoice_id,
    customer_id,
    cast(as_of_date - 12 as timestamp) as invoiced_at,
    as_of_date as month_end,
    as_of_date + 18 as due_date,
    'GBP' as currency_code,
    cast(size / 10 as decimal(18, 4)) as amount,
    cast(case when is_paid then size / 10 else 0 end as decimal(18, 4)) as paid_amount,
    cast(case when is_paid then 0 else size / 10 end as decimal(18, 4)) as open_amount,
    case
        when is_paid then 3
        when as_of_date + 18 < date '2011-12-31' then date '2011-12-31' - (as_of_date + 18)
    end as days_late,
    case
        when is_paid then 'paid'
        when as_of_date + 18 < date '2011-12-31' then 'overdue'
        else 'open'
    end as payment_status,
    cast(null as varchar) as exclusion_reason
from (
    select *, hash(concat(customer_id, month_number)) % 40 > month_number as is_paid
    from people cross join months
);

create table scorecard.tickets as
select
    concat('t-', i) as ticket_id,
    case when i % 20 > 0 then concat('c-', lpad(cast(1 + i % 240 as varchar), 4, '0')) end
        as customer_id,
    ['incident', 'question', 'complaint', 'service_request'][1 + i % 4] as kind,
    ['phone', 'email', 'chat'][1 + i % 3] as channel,
    'normal' as priority,
    case when i % 9 = 0 then 'open' else 'solved' end as status,
    created_at,
    last_day(created_at) as month_end,
    case when i % 9 > 0 then created_at + to_hours(cast(1 + i % 200 as integer)) end as solved_at,
    cast(i % 5 as integer) as reopen_count,
    i % 4 = 2 as is_complaint,
    case when i % 50 = 7 then 'spam' end as exclusion_reason
from (
    select i, timestamp '2011-03-02 09:00:00' + to_hours(cast(4 * i + i % 7 as integer))
        as created_at
    from range(1800) as numbers (i)
);

create table scorecard.survey_responses as
select
    concat('r-', i) as response_id,
    concat('c-', lpad(cast(1 + i % 240 as varchar), 4, '0')) as customer_id,
    concat('n-', i) as invitation_id,
    'p-1' as programme_id,
    ['nps', 'csat'][1 + i % 2] as measure,
    cast(case when i % 2 = 0 then greatest(0, 10 - (i / 2) % 12) else 1 + i % 5 end as integer)
        as answer,
    cast(case when i % 2 = 0 then 10.0 * greatest(0, 10 - cast(i / 2 as integer) % 12)
        else 25.0 * (i % 5) end as decimal(9, 6)) as score_0_100,
    responded_at,
    last_day(responded_at) as month_end,
    true as is_latest_in_wave,
    cast(null as varchar) as exclusion_reason
from (
    select i, timestamp '2011-04-03 09:00:00' + to_hours(cast(7 * i as integer)) as responded_at
    from range(700) as numbers (i)
)
where responded_at < timestamp '2011-07-01' or responded_at >= timestamp '2011-08-01';

create table scorecard.service_by_tier as
select
    months.as_of_date,
    12 as period_months,
    tiers.tier,
    'all' as kind_group,
    120 as ticket_count,
    118 as resolved_count,
    600.0 as resolution_minutes_mean,
    100 as first_contact_cases,
    0.6 as first_contact_ratio
from months
cross join (values ('all'), ('A'), ('B')) as tiers (tier);

create table scorecard.service_level_cases as
select
    as_of_date,
    tier,
    'North' as region,
    2 as tiers_below_from,
    true as is_case
from scorecard.service_by_tier
where tier = 'A';

create table scorecard.complaints_by_tier as
select
    as_of_date,
    period_months,
    tier,
    12 as complaint_count
from scorecard.service_by_tier;

create table scorecard.acquisition_cost as
select
    months.as_of_date,
    12 as period_months,
    'all' as channel,
    tiers.tier,
    cast(9000.00 as decimal(18, 2)) as acquisition_cost,
    36 as new_customer_count,
    cast(250.00 as decimal(18, 2)) as acquisition_cost_per_customer,
    5.0 as payback_months
from months
cross join (values ('all'), ('A'), ('B')) as tiers (tier);

create table scorecard.new_customer_value as
select
    as_of_date,
    period_months,
    channel,
    tier,
    new_customer_count,
    new_customer_count as valued_customer_count,
    'margin' as value_basis,
    cast(600.00 as decimal(18, 2)) as clv_36m_per_customer,
    cast(750.00 as decimal(18, 2)) as lifetime_value_per_customer,
    acquisition_cost_per_customer,
    3.0 as ltv_to_cac,
    cast(null as varchar) as ltv_to_cac_missing_reason,
    false as is_low_n
from scorecard.acquisition_cost;

create table scorecard.customer_equity as
select
    as_of_date,
    tier,
    'margin' as value_basis,
    90 as customer_count,
    2 as negative_customer_count,
    cast(50000.00 as decimal(18, 2)) as equity_12m,
    cast(120000.00 as decimal(18, 2)) as equity_36m,
    10 as lapsed_customer_count,
    cast(400.00 as decimal(18, 2)) as lapsed_value_12m,
    cast(48000.00 as decimal(18, 2)) as opening_equity_12m,
    cast(-1500.00 as decimal(18, 2)) as retention_change,
    cast(2500.00 as decimal(18, 2)) as margin_change,
    cast(300.00 as decimal(18, 2)) as estimator_change,
    cast(0.00 as decimal(18, 2)) as unexplained_change,
    cast(1200.00 as decimal(18, 2)) as joined_change,
    cast(-500.00 as decimal(18, 2)) as lost_change,
    36 as expected_new_customer_count,
    cast(500.00 as decimal(18, 2)) as net_value_per_new_customer,
    cast(17100.76 as decimal(18, 2)) as expected_new_equity
from scorecard.new_customer_value;

create table scorecard.customer_value as
select
    customer_id,
    as_of_date,
    case when customer_id = min(customer_id) over () then 'A' else 'B' end as tier,
    true as is_active,
    'margin' as value_basis,
    cast(500.00 as decimal(18, 2)) as current_value,
    cast(20.00 as decimal(18, 2)) as potential_value_12m,
    0.8::double as loyalty_probability,
    'profile' as potential_method,
    cast(null as varchar) as potential_missing_reason,
    cast(100.00 as decimal(18, 2)) as clv_12m,
    cast(0.00 as decimal(18, 2)) as referral_value_12m
from scorecard.customer_indicators;

create table scorecard.customer_potential as
select
    customer_id,
    as_of_date,
    1 as place,
    'lamps' as product_category,
    cast(20.00 as decimal(18, 2)) as expected_value_12m
from scorecard.customer_value;

create table scorecard.clv_changes as
select
    customer_id,
    as_of_date,
    'stayed' as change_kind,
    cast(100.00 as decimal(18, 2)) as opening_clv_12m,
    cast(100.00 as decimal(18, 2)) as closing_clv_12m
from scorecard.customer_indicators;

create table scorecard.efficiency_by_tier as
select
    as_of_date,
    period_months,
    tier,
    80.0 as efficiency_score,
    10.0 as resolution_hours,
    acquisition_cost_per_customer as acquisition_cost,
    0.6 as first_contact_ratio
from scorecard.acquisition_cost
where tier <> 'all';

create table scorecard.complaint_episodes as
select
    'login' as topic,
    date '2011-09-03' as started_on,
    date '2011-09-30' as as_of_date,
    date '2011-09-05' as detected_on;

create table scorecard.team_indicators as
select
    months.as_of_date,
    12 as period_months,
    teams.*,
    0.95 as resolution_time_ratio,
    'not separated' as resolution_time_standing
from months
cross join (
    values ('all', 'all', 118), ('team', 't-1', 118), ('agent', 'e-1', 60), ('agent', 'e-2', 58)
) as teams (scope, scope_id, resolved_count);

create table scorecard.training_effects as
select as_of_date, 'trn-1' as training_id, date '2011-06-30' as cohort_month,
    'csat_ratio' as measure, 'Clear answers' as title, 'compared' as status, 12 as trained_count,
    15 as peer_count, false as is_low_n, 0.02 as training_effect
from months;

create table scorecard.lead_conversion as
select as_of_date, 12 as period_months, 'all' as channel, 90 as lead_count, 0.3 as conversion_ratio
from months;

create table scorecard.sales_performance as
select as_of_date, 12 as period_months, 'all' as opportunity_kind, 60 as decided_count,
    0.4 as win_ratio
from months;

create table scorecard.sales_forecasts as
select as_of_date, 1 as horizon_months, 12 as month_count, 0.3 as forecast_wape from months;

create table scorecard.campaign_performance as
select as_of_date, 'c-1' as campaign_id, 500 as sent_count,
    0 as sent_without_consent_count, 0 as sent_to_lead_without_consent_count, 480 as delivered_count,
    0.02 as conversion_ratio, 100.0 as cost_amount, 5 as lead_count, 20.0 as cost_per_lead,
    300.0 as linear_margin, 2.0 as first_touch_return_ratio, 1.5 as last_touch_return_ratio,
    2.0 as linear_return_ratio
from months;

create table scorecard.campaign_effects as
select as_of_date, 'c-1' as campaign_id, 250 as treated_count, 240 as control_count,
    0.01 as incremental_conversion, 40.0 as incremental_value, -0.6 as incremental_return_ratio
from months;

create table scorecard.loyalty_programme as
select as_of_date, 12 as period_months, 'all' as tier, 100 as active_customer_count,
    30 as member_count, 0.3 as enrolment_ratio, 0.6 as burn_ratio, 0.4 as breakage_ratio,
    105 as closing_balance
from months;

create table scorecard.crm_adoption as
select as_of_date, 'all' as team_id, 8 as staff_count, 0.75 as adoption_ratio from months;

create table scorecard.self_service as
select as_of_date, 12 as period_months, 40 as bot_containment_cases, 0.5 as bot_containment_ratio
from months;

create table scorecard.kpi_associations as
select as_of_date, 'csat_revenue' as pair_id, 'all' as segment, 0 as lag_months, 0.2 as rho,
    100 as unit_count
from months
where as_of_date = (select max(as_of_date) from months);

create table scorecard.credit_by_grade as
select as_of_date, 'all' as grade, 100 as customer_count, 40 as bad_cases, 0.05 as bad_ratio
from months;

create table scorecard.credit_ratings as
select customer_id, as_of_date, 'rated' as credit_status, 'expert' as method, 600 as points,
    'B' as grade, cast(null as double) as bad_probability_12m, 600 as expert_points,
    cast(null as varchar) as estimator_version
from scorecard.customer_indicators;

create table scorecard.credit_points as
select 'expert' as rating, 'credit_rules' as estimator_version, 'tenure_days' as characteristic,
    1 as bin_number, 'known for less than a year' as bin_label, 100 as case_count, 5 as bad_count,
    -8.7 as points;

create table scorecard.credit_model_performance as
select 'credit-0a1b2c3d' as estimator_version, 'expert' as rating, 'test' as slice, true as is_used,
    87 as bad_customer_count, 0.41 as gini, 'not_published' as status,
    'bad_customers is 87, needs >= 200; the expert rating stays' as reason;

create table scorecard.rhi_alerts as
select
    concat('customer-', customer_id, '-2011-11-30') as alert_id,
    'customer' as alert_scope,
    customer_id,
    'A' as tier,
    date '2011-11-30' as opened_on,
    'low_health' as opened_by,
    date '2011-12-31' as last_alarming_on,
    cast(null as date) as closed_on,
    cast(null as varchar) as closed_by,
    2 as months_open,
    35.0 as health_at_opening
from scorecard.customers
where customer_id <= 'c-0005';

create table scorecard.rhi_alert_performance as
select
    months.as_of_date,
    rules.rule,
    'all' as tier,
    40 as loss_count,
    20 as warned_count,
    0.5 as recall_ratio,
    60.0 as lead_days_median,
    50 as alert_count,
    0.4 as precision_ratio
from months
cross join (values ('relationship_health'), ('no_purchase')) as rules (rule);

create table scorecard.stage_transitions as
select
    months.as_of_date,
    1 as period_months,
    'all' as tier,
    'familiar' as from_stage,
    stages.to_stage,
    100 as start_count,
    stages.customer_count,
    stages.customer_count / 100.0 as move_ratio,
    false as is_low_n
from months
cross join (values ('familiar', 90), ('trust', 8), ('exit', 2)) as stages (to_stage, customer_count);

create table scorecard.stage_playbooks as
select
    stage,
    stage as name,
    'Keep the promise' as goal,
    'A plan for the year' as strategy,
    stage = 'exit' as needs_consent
from (values ('explore'), ('familiar'), ('trust'), ('co_create'), ('exit')) as stages (stage);

create table scorecard.anchor_attainment as
select
    months.as_of_date,
    12 as period_months,
    'invoice_query' as anchor_id,
    'resolution_time' as metric,
    tiers.tier,
    40 as occurrence_count,
    0.7 as attainment
from months
cross join (values ('all'), ('A'), ('B')) as tiers (tier);

create table scorecard.anchor_projects as
select
    as_of_date,
    'PRJ-1' as project_id,
    'rolling out' as status
from months;

create table scorecard.anchor_audits as
select
    as_of_date,
    'invoice_query' as anchor_id,
    12 as audit_count
from months;

create table scorecard.anchor_audit_sample as
select
    date '2011-09-30' as as_of_date,
    'invoice_query' as anchor_id,
    1 as sample_number,
    't-1' as occurrence_id;

create table scorecard.journey_funnel as
select
    as_of_date,
    'month' as cohort_kind,
    as_of_date as cohort_month,
    'purchase' as stage,
    12 as entered_count
from months;

create table scorecard.touchpoints as
select
    as_of_date,
    12 as period_months,
    'service_desk' as touchpoint,
    12 as contact_count
from months;

create table scorecard.process_steps as
select
    as_of_date,
    12 as period_months,
    'ticket' as process,
    'new' as step,
    60.0 as minutes_p50
from months;

create table scorecard.perceived_value_by_group as
select
    as_of_date,
    'all' as group_kind,
    'all' as group_value,
    'index' as dimension,
    60.0 as performance
from months;

create table scorecard.nps_by_group as
select
    months.as_of_date,
    12 as period_months,
    'p-1' as programme_id,
    groups.group_kind,
    groups.group_value,
    400 as delivered_count,
    100 as answered_count,
    0.25 as response_ratio,
    100 as nps_count,
    60 as promoter_count,
    25 as passive_count,
    15 as detractor_count,
    45.0 as nps,
    30.497591 as nps_low,
    59.502409 as nps_high,
    false as is_low_n
from months
cross join (values ('all', 'all'), ('tier', 'A'), ('tier', 'B')) as groups (group_kind, group_value);

create table scorecard.satisfaction_by_group as
select
    as_of_date,
    period_months,
    programme_id,
    group_kind,
    group_value,
    100 as csat_count,
    0.6 as csat_top_two_ratio
from scorecard.nps_by_group;

create table scorecard.customer_activity as
select
    people.customer_id,
    months.as_of_date,
    cast(1 as bigint) as interactions,
    cast(case when months.month_number >= 2 then 2 end as bigint) as tickets_opened,
    cast(case when months.as_of_date between date '2011-04-30' and date '2011-10-31'
        then case when months.month_number = 6 then 0 else hash(people.customer_id) % 2 end
        end as bigint) as survey_invitations,
    cast(case when months.as_of_date between date '2011-04-30' and date '2011-10-31'
        then case when months.month_number = 6 then 0 else hash(people.customer_id) % 6 // 5 end
        end as bigint) as surveys_answered,
    cast(case when months.as_of_date <= date '2011-11-30'
        then greatest(0, cast(hash(concat(people.customer_id, months.as_of_date)) % 30 as integer)
            - 14) end as bigint) as active_days,
    cast(4 as integer) as measured_systems,
    0.8 as source_coverage
from people
cross join months;

create table scorecard.customer_events as
select
    concat('invoice:', invoice_id) as event_id,
    customer_id,
    'invoice' as event_type,
    'purchase' as journey_stage,
    'billing' as source_system,
    invoice_id as source_id,
    invoiced_at as occurred_at,
    month_end as as_of_date,
    cast(null as varchar) as touchpoint,
    cast(null as varchar) as channel,
    cast(null as varchar) as detail,
    amount,
    cast(null as decimal(18, 4)) as value,
    true as is_customer_initiated,
    false as is_two_way
from scorecard.invoices
union all
select
    concat('ticket_opened:', ticket_id),
    customer_id,
    'ticket_opened',
    'after_sales',
    'support',
    ticket_id,
    created_at,
    month_end,
    null,
    channel,
    kind,
    null,
    null,
    true,
    true
from scorecard.tickets;

create table scorecard.identity_summary as
select
    date '2011-12-31' as as_of_date,
    *,
    cast(record_count / sum(record_count) over (partition by source_system) as decimal(9, 6))
        as record_share
from (values
    ('crm', 'own_id', 246, 240, 0),
    ('billing', 'exact_id', 231, 231, 0),
    ('billing', 'email', 9, 9, 0),
    ('support', 'exact_id', 80, 80, 0),
    ('support', 'email', 70, 68, 0),
    ('support', 'phone', 20, 20, 0),
    ('support', 'unresolved', 14, 0, 14),
    ('survey', 'email', 190, 186, 0),
    ('survey', 'unresolved', 8, 0, 8),
    ('usage', 'exact_id', 120, 118, 0),
    ('usage', 'manual', 2, 2, 0)
) as links (source_system, link_method, record_count, customer_count, unresolved_count);
insert into scorecard.identity_summary
select
    as_of_date, source_system, 'all', sum(record_count), sum(customer_count),
    sum(unresolved_count), 1
from scorecard.identity_summary
group by as_of_date, source_system;
insert into scorecard.identity_summary
select as_of_date, 'all', 'all', sum(record_count), 240, sum(unresolved_count), 1
from scorecard.identity_summary
where link_method <> 'all'
group by as_of_date;

create table scorecard.identity_restatements as
select
    'support' as source_system, 'key-1' as source_key, cast(null as varchar) as customer_id_before,
    'c-0001' as customer_id_after, 'new_link' as change_kind, 'email' as link_method,
    cast(0.98 as decimal(9, 6)) as link_score, cast(7 as bigint) as evidence_load_id,
    date '2011-11-30' as affected_from_month;

create table scorecard.identity_links as
select
    'support' as source_system, md5('key-1') as source_key, 'c-0001' as customer_id,
    'email' as link_method, cast(0.98 as decimal(9, 6)) as link_score,
    cast(7 as bigint) as evidence_load_id;

create table scorecard.quarantine_summary as
select
    cast(4 as bigint) as load_id, 'billing' as source_system, 'payments' as source_table,
    'billing/payments.csv' as file_name, 'min' as rule_id, 'amount' as column_name,
    cast(0 as bigint) as decision_id, 'open' as row_state, cast(2 as bigint) as row_count,
    cast(2880 as bigint) as load_row_count, 'Too small' as explanation,
    cast(null as varchar) as waived_rule, cast(null as varchar) as decision_reason;

create table scorecard.cleaning_log as
select
    'currency_converted' as rule_id, 'billing' as source_system, 'payments' as source_table,
    'amount' as column_name, '*' as row_key, 'EUR' as value_before, 'GBP' as value_after,
    cast(7 as bigint) as row_count, 'pay-1' as example_key, date '2011-01-31' as first_month,
    date '2011-11-30' as last_month, 'Read in the reporting currency' as explanation;

create table scorecard.source_findings as
select
    *,
    cast(row_count / checked_count as decimal(9, 6)) as share,
    date '2011-01-31' as first_month,
    date '2011-12-31' as last_month
from (values
    ('payment_without_invoice', 'billing', 'payments', 'excluded', 17, 2880,
        'The payment names an invoice that billing did not send.'),
    ('currency_without_rate', 'billing', 'invoices', 'excluded', 0, 2880,
        'The day has no exchange rate for the currency.'),
    ('opened_before_sign_up', 'support', 'tickets', 'flagged', 5, 1800,
        'The ticket is older than the customer.'),
    ('type', 'support', 'tickets', 'quarantined', 3, 1803, 'A value is not of its declared type.'),
    ('off_scale', 'survey', 'responses', 'excluded', 12, 700,
        'The answer lies outside the scale that was in force.')
) as findings (
    rule_id, source_system, source_table, action, row_count, checked_count, explanation
);

create or replace table scorecard.measure_checks as
select 'generic' as profile, 'gross_margin_12m' as indicator_id, true as is_measurable;

-- What was there at first, a target that Ann raised in October, a caption that moves no score.
create or replace table scorecard.config_versions as
select
    revisions.*,
    cast(in_force_from as date) as in_force_from,
    last_day(cast(in_force_from as date)) as in_force_month,
    date '2011-12-31' as known_month,
    false as is_retroactive
from (values
    (1, 'targets', 'nps_answer/A/2011', 'added', '*', null, null, null, null, null),
    (2, 'targets', 'nps_answer/A/2011', 'edited', 'target_value', null, '8', '9', 'Ann',
        'The market moved'),
    (2, 'cmat_questionnaire', 'P01.1', 'edited', 'practice', null, 'Ranks', 'Ranked', 'Bob', null)
) as revisions (
    revision, seed, row_key, change, column_name, profile, value_before, value_after, changed_by,
    reason
)
inner join (values (1, '2011-01-01'), (2, '2011-10-01')) as days (revision, in_force_from)
    using (revision);

-- The weight of potential is judged anew in November; the judgements hold together.
create or replace table scorecard.scorecard_weights as
select
    'retail_billing' as profile,
    months.as_of_date,
    nodes.*,
    nodes.weight * nodes.above as global_weight,
    concat('节点', nodes.place) as label_zh,
    case when nodes.depth = 1 then 'combined' else 'fixed' end as method,
    case when nodes.depth = 1 then 0.5 else nodes.weight end as configured_weight,
    case when nodes.depth = 1 then nodes.weight end as judged_weight,
    case when nodes.depth = 1 then nodes.weight end as entropy_weight,
    case when nodes.depth = 1 then 0.0123 end as consistency_ratio,
    case when nodes.depth = 1 then 'saaty_1980' end as random_index,
    case when nodes.depth = 1 then 2 end as assessor_count,
    case when nodes.depth = 1 then date '2011-10-31' end as review_date,
    case when nodes.depth = 1 then 240 end as review_customer_count
from (values (date '2011-10-31', 0.1), (date '2011-11-30', 0.0), (date '2011-12-31', 0.0))
    as months (as_of_date, moved)
cross join lateral (values
    (1, 'current_value', 'root', 'dimension', 1, 'Value now', 0.6 + months.moved, 1.0),
    (2, 'potential', 'root', 'dimension', 1, 'Value to come', 0.4 - months.moved, 1.0),
    (3, 'revenue_12m', 'current_value', 'measure', 2, 'Revenue', 1.0, 0.6 + months.moved),
    (4, 'value_trend', 'potential', 'measure', 2, 'Trend', 1.0, 0.4 - months.moved)
) as nodes (place, node_id, parent_node_id, node_kind, depth, label, weight, above);

create or replace table scorecard.judgement_matrices as
select 'generic' as matrix_id, 0.02 as consistency_ratio;

create or replace table scorecard.weight_sensitivity as
select
    date '2011-12-31' as as_of_date, 'retail_billing' as profile, changes.*,
    concat('节点', changes.node_id) as label_zh, 240 as customer_count,
    changes.band_changed_count / 240 as band_changed_ratio,
    changes.band_changed_count / 240 - 0.01 as band_changed_low,
    changes.band_changed_count / 240 + 0.02 as band_changed_high,
    false as is_band_changed_low_n, 3.5 as largest_change, 0.1 as decile_changed_ratio,
    0.99 as rank_correlation
from (values
    ('n1', 'raised', 'Value now', 0.6, 0.65, 12), ('n1', 'lowered', 'Value now', 0.6, 0.55, 24),
    ('n2', 'raised', 'Value to come', 0.4, 0.45, 6), ('n2', 'lowered', 'Value to come', 0.4, 0.35, 3)
) as changes (node_id, direction, label, weight, changed_weight, band_changed_count);

create or replace table scorecard.topsis_ranks as
select date '2011-12-31' as as_of_date, 'retail_billing' as profile, 240 as customer_count,
    0.25 as decile_changed_ratio, 0.2 as decile_changed_low, 0.31 as decile_changed_high,
    false as is_decile_changed_low_n, 0.97 as rank_correlation;
