-- The rest of a good warehouse: what billing, identity resolution and the findings publish about the
-- 240 customers of good_warehouse.sql, and the tables of core that these must agree with.
create schema core;

create table core.int_identity_links as
select 'crm' as source_system, crm_customer_id as source_id, customer_id
from scorecard.customers;

insert into scorecard.identity_summary by name
select date '2011-11-30' as as_of_date, source_system, link_method, record_count,
    record_count as customer_count, record_share, unresolved_share, 0 as merged_customer_count,
    0 as id_reused_count, 0 as review_candidate_count, 0 as uncompared_count,
    record_count as known_before_count, new_links as new_link_count, merges as merge_count,
    0 as split_count, 0 as moved_count, 0 as rekeyed_count, 0 as unlinked_count,
    merges / record_count as change_share
from (values
    ('crm', 'own_id', 240, 1.0, 0.0, 0, 1), ('crm', 'all', 240, 1.0, 0.0, 0, 1),
    ('usage', 'email', 57, 0.95, 0.0, 1, 0), ('usage', 'unresolved', 3, 0.05, 1.0, 0, 0),
    ('usage', 'all', 60, 1.0, 0.05, 1, 0), ('all', 'all', 300, 1.0, 0.01, 1, 1)
) as methods(source_system, link_method, record_count, record_share, unresolved_share, new_links,
    merges);

insert into scorecard.identity_links by name
select 'crm' as source_system, md5(crm_customer_id) as source_key, customer_id,
    'own_id' as link_method, 1 as link_score, 1 as evidence_load_id
from scorecard.customers
union all by name
select 'usage' as source_system, md5('account-' || i) as source_key,
    case when i < 57 then 'customer-' || lpad(i::varchar, 4, '0') end as customer_id,
    case when i < 57 then 'email' else 'unresolved' end as link_method,
    case when i < 57 then 0.9 end as link_score, case when i < 57 then 5 end as evidence_load_id
from range(60) as numbers(i);

insert into scorecard.identity_restatements by name
select source_system, md5(source_id) as source_key, customer_id_before, customer_id_after,
    change_kind, 'email' as link_method, 0.9 as link_score, 5 as evidence_load_id,
    date '2011-09-30' as affected_from_month
from (values
    ('crm', 'crm-0007', 'customer-9999', 'customer-0007', 'merge'),
    ('usage', 'account-1', null, 'customer-0008', 'new_link')
) as changes(source_system, source_id, customer_id_before, customer_id_after, change_kind);

-- Twenty subscriptions that run, half of them dearer since October; five that ended in November; one
-- that is counted already, and one to come.
create table core.int_subscription_spans as
select 'sub-' || lpad(i::varchar, 2, '0') as subscription_id,
    'customer-' || lpad(i::varchar, 4, '0') as customer_id, 10::decimal(18, 4) as mrr,
    date '2011-09-10' as valid_from,
    case when i < 10 then date '2011-10-15' when i between 20 and 24 then date '2011-11-05' end
        as valid_to,
    case when i = 25 then 'overlapping_subscription' end as exclusion_reason
from range(26) as numbers(i)
union all
select 'sub-' || lpad(i::varchar, 2, '0'), 'customer-' || lpad(i::varchar, 4, '0'), 12,
    date '2011-10-15', null, null
from range(10) as numbers(i);

insert into raw.billing__subscriptions by name
select distinct subscription_id, timestamp '2011-09-10' as updated_at, 0::bigint as _load_id
from (select subscription_id from core.int_subscription_spans union select 'sub-26');

insert into scorecard.subscriptions by name
select
    spans.subscription_id, spans.customer_id, 'product-1' as product_id,
    case when spans.valid_to is null then 'active' else 'ended' end as status,
    date '2011-09-10' as started_at, spans.valid_to as ended_at, 12 as term_months, 'GBP'
        as currency_code,
    case
        when spans.valid_to is not null then 0
        when spans.exclusion_reason is null then spans.mrr
    end as mrr,
    spans.exclusion_reason
from core.int_subscription_spans as spans
where spans.valid_to is distinct from date '2011-10-15'
union all by name
select 'sub-26' as subscription_id, 'customer-0026' as customer_id, 'product-1' as product_id,
    'in_future' as status, date '2011-12-10' as started_at;

insert into scorecard.mrr_movements by name
with months as (
    select customers.customer_id, indicators.as_of_date, coalesce(sum(spans.mrr), 0) as closing_mrr
    from (select distinct customer_id from core.int_subscription_spans where exclusion_reason is null)
        as customers
    inner join scorecard.customer_indicators as indicators
        on customers.customer_id = indicators.customer_id
    left join core.int_subscription_spans as spans
        on customers.customer_id = spans.customer_id
        and spans.valid_from <= indicators.as_of_date
        and (spans.valid_to is null or spans.valid_to > indicators.as_of_date)
    group by customers.customer_id, indicators.as_of_date
),
opened as (
    select *, coalesce(lag(closing_mrr) over (
        partition by customer_id order by as_of_date
    ), 0) as opening_mrr
    from months
),
named as (
    select *, closing_mrr - opening_mrr as change_mrr,
        case
            when opening_mrr = 0 and closing_mrr > 0 then 'new'
            when closing_mrr > opening_mrr then 'expansion'
            when closing_mrr = 0 and opening_mrr > 0 then 'churned'
            else 'unchanged'
        end as movement
    from opened
)
select customer_id, as_of_date, movement, opening_mrr, closing_mrr,
    case when movement = 'new' then change_mrr else 0 end as new_mrr,
    case when movement = 'expansion' then change_mrr else 0 end as expansion_mrr,
    0 as contraction_mrr, 0 as reactivation_mrr,
    case when movement = 'churned' then change_mrr else 0 end as churned_mrr
from named;

create table core.int_billing_lines as
select lines.line_id, lines.invoice_id, 'invoice_line' as line_kind,
    (lines.quantity * lines.unit_price)::decimal(18, 4) as amount,
    last_day(lines.invoiced_at) as month_end,
    case when lines.line_id < 'line-00010' then 'sample' end as exclusion_reason
from raw.billing__invoice_lines as lines;

insert into scorecard.invoices by name
with totals as (
    select invoice_id, sum(amount) as amount, count(*) as line_count,
        sum(amount) filter (where exclusion_reason is null) as revenue_amount
    from core.int_billing_lines group by invoice_id
),
numbered as (
    select invoices.invoice_id, replace(invoices.customer_id, 'crm', 'customer') as customer_id,
        invoices.invoiced_at, right(invoices.invoice_id, 4)::int % 4 as kind, totals.*
    from raw.billing__invoices as invoices inner join totals using (invoice_id)
)
select invoice_id, customer_id, invoiced_at, last_day(invoiced_at) as month_end,
    case when kind = 1 then date '2011-12-20' else invoiced_at::date + 14 end as due_date,
    'GBP' as currency_code, amount as document_amount, amount,
    coalesce(revenue_amount, 0) as revenue_amount, 1 as credited_amount,
    case kind when 0 then amount - 1 when 1 then 2 when 2 then 0 end as paid_amount,
    case when kind < 3 then 0 end as refunded_amount,
    case kind when 0 then 0 when 1 then amount - 3 when 2 then amount - 1 end as open_amount,
    case when kind = 0 then invoiced_at end as first_paid_at,
    case when kind = 0 then invoiced_at end as fully_paid_at,
    case
        when kind = 0 then -14
        when kind = 2 then greatest(1, date '2011-11-30' - (invoiced_at::date + 14))
    end as days_late,
    case kind
        when 0 then 'paid' when 1 then 'part_paid' when 3 then 'not_measured'
        else case when invoiced_at::date + 14 < date '2011-11-30' then 'overdue' else 'open' end
    end as payment_status,
    line_count, case when customer_id is null then 'no_customer' end as exclusion_reason
from numbered;
update scorecard.invoices set days_late = null where payment_status = 'open';

insert into scorecard.customer_history by name
select indicators.customer_id, indicators.as_of_date, indicators.tier, 'staff-1' as owner_id,
    movements.closing_mrr as mrr,
    case indicators.customer_id when 'customer-0003' then false when 'customer-0004' then null
        else true end as has_marketing_consent
from scorecard.customer_indicators as indicators
left join scorecard.mrr_movements as movements
    on indicators.customer_id = movements.customer_id
    and indicators.as_of_date = movements.as_of_date;

insert into scorecard.source_findings by name
select rule_id, source_system, source_table, action, 'What it means.' as explanation,
    case
        when source_system in ('billing', 'crm')
            then case when rule_id = 'no_customer' and source_table = 'invoice_lines' then 10 else 0 end
    end as row_count,
    case when source_system in ('billing', 'crm') then 1000 end as checked_count,
    row_count / checked_count as share
from seeds.source_rules
union all by name
select 'min' as rule_id, 'billing' as source_system, 'invoice_lines' as source_table,
    'quarantined' as action, 'Too small.' as explanation, 2 as row_count, 1002 as checked_count,
    0.001996 as share;

-- One refused row waits, the other was dismissed.
insert into scorecard.quarantine_summary by name
select refused.load_id, refused.system as source_system, refused.table_name as source_table,
    refused.file as file_name, refused.rule as rule_id, refused.column_name,
    coalesce(decided.decision_id, 0) as decision_id,
    case when decided.decision_id is null then 'open' else 'dismissed' end as row_state,
    1 as row_count, 1002 as load_row_count, 'Too small.' as explanation,
    case when decided.decision_id is not null then 'a test' end as decision_reason
from quarantine.refused_rows as refused
left join quarantine.decided_rows as decided
    on decided.load_id = refused.load_id and decided.line = refused.line;

insert into scorecard.cleaning_log by name
select 'currency_converted' as rule_id, 'billing' as source_system, 'payments' as source_table,
    'amount' as column_name, '*' as row_key, 'EUR' as value_before, 'GBP' as value_after,
    7 as row_count, 'pay-1' as example_key, date '2011-01-31' as first_month,
    date '2011-11-30' as last_month, 'What it means.' as explanation;

insert into raw.billing__exchange_rates by name
select 'EUR' as currency, date '2011-11-01' as rate_date, 0.85 as rate, -1 as _load_id;

-- Two hundred tickets: solved, open, merged; some answers on a scale; a thread of what was counted.
insert into scorecard.tickets by name
with numbered as (
    select i, timestamp '2011-09-05 09:00:00' + to_days((i % 80)::int) as created_at
    from range(200) as numbers(i)
)
select 'ticket-' || lpad(i::varchar, 3, '0') as ticket_id,
    'customer-' || lpad(i::varchar, 4, '0') as customer_id, created_at,
    last_day(created_at) as month_end, 'question' as kind, 'price' as topic, 'email' as channel,
    'normal' as priority, 3 as severity,
    case when i % 10 = 9 then 'merged' when i % 2 = 0 then 'solved' else 'open' end as status,
    created_at + interval 5 minute as first_public_reply_at,
    created_at + interval 30 minute as first_agent_reply_at, 30 as first_reply_minutes,
    case when i % 2 = 0 then created_at + interval 90 minute end as solved_at,
    case when i % 2 = 0 then 90 end as resolution_minutes,
    case when i % 3 > 0 then 0 end as reopen_count, i % 3 > 0 as has_history,
    10 as handling_minutes, false as is_complaint, false as is_opened_before_sign_up,
    false as is_solved_before_opened, false as is_status_in_conflict,
    case when i % 10 = 9 then 'merged' end as exclusion_reason
from numbered;
update scorecard.source_findings set row_count = 0, checked_count = 200, share = 0
where source_table = 'tickets';
update scorecard.source_findings set row_count = 20, share = 0.1 where rule_id = 'merged';

insert into raw.support__tickets by name
select ticket_id, created_at, created_at as updated_at, -2::bigint as _load_id
from scorecard.tickets;

insert into scorecard.survey_responses by name
with numbered as (
    select i, i % 11 as answer, timestamp '2011-10-03 12:00:00' + to_days((i % 50)::int) as sent_at,
        case when i = 98 then 'share_of_wallet' else ['nps', 'ces'][i % 2 + 1] end as measure
    from range(100) as numbers(i)
)
select 'answer-' || lpad(i::varchar, 3, '0') as response_id,
    'customer-' || lpad(i::varchar, 4, '0') as customer_id, sent_at + interval 1 hour
        as responded_at, last_day(sent_at + interval 1 hour) as month_end, sent_at,
    'programme-1' as programme_id, 'wave-1' as wave, 'question-' || i % 2 as question_id, measure,
    answer, 0 as scale_min, 10 as scale_max, i % 2 = 0 as is_higher_better,
    false as is_scale_reversed,
    case
        when i >= 10 and i <> 98 then 10 * case when i % 2 = 0 then answer else 10 - answer end
    end as score_0_100,
    i >= 10 as is_latest_in_wave, case when i < 10 then 'test' end as exclusion_reason
from numbered;

insert into raw.survey__responses by name
select response_id, responded_at, -3::bigint as _load_id from scorecard.survey_responses;

-- The survey is measured from October on, marketing never.
create table core.int_measured_facts as
select fact, as_of_date,
    not starts_with(fact, 'marketing')
        and (not starts_with(fact, 'survey') or as_of_date > date '2011-09-30') as is_measured
from (select distinct as_of_date from scorecard.customer_history)
cross join (select unnest([
    'interactions', 'relationship_events', 'opportunities', 'tickets', 'ticket_changes',
    'complaints', 'survey_invitations', 'survey_answers', 'usage', 'marketing_touches',
    'marketing_responses', 'action_outcomes'
]) as fact);

insert into scorecard.source_months by name
select source_system, as_of_date, true as is_measured, 10 as fact_count
from (select distinct as_of_date from scorecard.customer_history)
cross join (select unnest(['organisation', 'support', 'survey']) as source_system)
where source_system <> 'survey' or as_of_date > date '2011-09-30';
insert into scorecard.source_months by name
select 'survey' as source_system, date '2011-09-30' as as_of_date, false as is_measured;

insert into scorecard.customer_activity by name
select history.customer_id, history.as_of_date, 0 as interactions, 0 as interactions_two_way,
    0 as interactions_inbound, 0 as mass_mails, 0 as relationship_events, 0 as referrals,
    0 as referrals_won, 0 as joint_developments, 0 as customer_references,
    0 as community_contributions, 0 as joint_plans, 0 as opportunities_opened,
    0 as opportunities_won, 0 as opportunities_lost, count(tickets.ticket_id) as tickets_opened,
    0 as tickets_solved, 0 as tickets_reopened, 0 as complaints_received,
    case when survey.is_measured then 0 end as survey_invitations,
    case when survey.is_measured then 0 end as surveys_answered,
    case when survey.is_measured then 0 end as survey_answers, 2 as active_days, 2 as logins,
    0 as feature_events, 0 as help_centre_visits, 0 as community_posts, 0 as trainings,
    0 as actions_taken, case when survey.is_measured then 3 else 2 end as measured_systems,
    case when survey.is_measured then 0.6 else 0.4 end as source_coverage
from scorecard.customer_history as history
inner join core.int_measured_facts as survey
    on history.as_of_date = survey.as_of_date and survey.fact = 'survey_answers'
left join scorecard.tickets as tickets
    on history.customer_id = tickets.customer_id and history.as_of_date = tickets.month_end
group by all;

insert into scorecard.customer_events by name
select event_type || ':' || customer_id || month_end as event_id, customer_id,
    month_end as as_of_date, month_end::timestamp as occurred_at, event_type, journey_stage,
    source_system, amount, value, types.value_unit
from (
    select 'ticket_opened' as event_type, customer_id, month_end, 'support' as source_system,
        null::decimal(18, 4) as amount, null as value
    from scorecard.tickets
    union all
    select 'usage_month', customer_id, as_of_date, 'usage', null, 2 from scorecard.customer_activity
    union all
    select 'invoice', customer_id, as_of_date, 'billing', revenue_1m, null
    from scorecard.customer_indicators
) as events
inner join seeds.event_types as types using (event_type);

-- An offer to somebody who signs up after the run's last month.
insert into core.int_identity_links values ('crm', 'crm-later', 'customer-later');
create table core.int_identity_records as
select source_system, source_id,
    case when source_id = 'crm-later' then timestamp '2011-12-01 00:00:00'
        else timestamp '2010-01-05 00:00:00' end as first_recorded_at
from core.int_identity_links;
insert into scorecard.customer_events by name
select 'opportunity_opened:later' as event_id, 'customer-later' as customer_id,
    date '2011-11-30' as as_of_date, timestamp '2011-11-20 10:00:00' as occurred_at, event_type,
    journey_stage, 'crm' as source_system
from seeds.event_types where event_type = 'opportunity_opened';

insert into scorecard.service_by_tier by name
select as_of_date, 12 as period_months, tier, 'all' as kind_group, 12 as measured_months,
    case when tier = 'all' then 180 else 90 end as ticket_count, 2 as still_open_count,
    0.02::double as still_open_ratio, 0.01::double as still_open_low,
    0.05::double as still_open_high, 40 as resolved_count,
    600.0::double as resolution_minutes_mean, 300.0::double as median_resolution_minutes,
    'resolved' as median_method,
    40 as sla_met_cases, 0.5::double as sla_met_ratio, 0.4::double as sla_met_low, 0.6::double as sla_met_high,
    40 as first_reply_sla_met_cases, 0.5::double as first_reply_sla_met_ratio, 0.4::double as first_reply_sla_met_low, 0.6::double as first_reply_sla_met_high,
    40 as first_contact_cases, 0.5::double as first_contact_ratio, 0.4::double as first_contact_low, 0.6::double as first_contact_high,
    40 as first_contact_net_cases, 0.5::double as first_contact_net_ratio, 0.4::double as first_contact_net_low, 0.6::double as first_contact_net_high,
    40 as reopen_cases, 0.5::double as reopen_ratio, 0.4::double as reopen_low, 0.6::double as reopen_high,
    40 as answered_cases, 0.5::double as answered_ratio, 0.4::double as answered_low, 0.6::double as answered_high,
    20 as replied_count, 30.0::double as first_reply_minutes_mean, 19 as business_replied_count,
    false as is_low_n, false as is_still_open_low_n, false as is_sla_met_low_n,
    false as is_first_reply_sla_met_low_n, false as is_first_contact_low_n,
    false as is_first_contact_net_low_n, false as is_reopen_low_n, false as is_answered_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['all', 'A']) as tier) as tiers;

insert into scorecard.service_level_cases by name
select as_of_date, 6 as period_months, 'A' as tier, region, 2 as tiers_below_from,
    60 as ticket_count, below_count as below_ticket_count, 40 as customer_count,
    below_count as below_customer_count, ratio as below_customer_ratio,
    low as below_customer_low, high as below_customer_high, 40 as rest_customer_count,
    24 - below_count as rest_below_customer_count, difference_low, false as is_low_n,
    region = 'North' as is_case, case when region = 'North' then date '2011-09-30' end as case_since
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (
    values
        ('North', 24, 0.6::double, 0.446::double, 0.737::double, 0.41::double),
        ('South', 0, 0.0::double, 0.0::double, 0.088::double, -0.74::double)
) as regions (region, below_count, ratio, low, high, difference_low);

insert into scorecard.complaints_by_tier by name
select as_of_date, 12 as period_months, tier, 40 as complaint_count,
    40 as sla_met_cases, 0.5::double as sla_met_ratio, 0.4::double as sla_met_low, 0.6::double as sla_met_high,
    40 as repeat_cases, 0.5::double as repeat_ratio, 0.4::double as repeat_low, 0.6::double as repeat_high,
    40 as upheld_cases, 0.5::double as upheld_ratio, 0.4::double as upheld_low, 0.6::double as upheld_high,
    40 as retained_cases, 0.5::double as retained_ratio, 0.4::double as retained_low, 0.6::double as retained_high,
    false as is_sla_met_low_n, false as is_repeat_low_n, false as is_upheld_low_n,
    false as is_retained_low_n, false as is_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['all', 'A']) as tier) as tiers;

insert into scorecard.complaint_episodes by name
select 'login' as topic, date '2011-09-03' as started_on, as_of_date,
    date '2011-09-05' as detected_on, date '2011-09-07' as peak_on,
    date '2011-09-20' as recovered_on
from (select distinct as_of_date from scorecard.customer_indicators) as months;

insert into scorecard.team_indicators by name
select as_of_date, 12 as period_months, teams.*, 40 as ticket_count,
    0.9::double as resolution_time_ratio, 0.7::double as resolution_time_low,
    1.1::double as resolution_time_high, 'not separated' as resolution_time_standing,
    false as is_resolution_time_low_n,
    40 as first_contact_cases, 0.5::double as first_contact_ratio, 0.4::double as first_contact_low,
    0.6::double as first_contact_high, false as is_first_contact_low_n,
    10 as csat_cases, 0.5::double as csat_ratio, 0.4::double as csat_low, 0.6::double as csat_high,
    40 as shift_count, 4000.00::decimal(18, 2) as available_minutes,
    5000.00::decimal(18, 2) as handling_minutes, 1.0::double as noted_ratio,
    1.25::double as occupancy_ratio, true as is_over_occupied, false as is_occupancy_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (
    values ('all', 'all', 80), ('team', 't-1', 80), ('agent', 'a-1', 40), ('agent', 'a-2', 40)
) as teams (scope, scope_id, resolved_count);

insert into scorecard.training_effects by name
select as_of_date, 'trn-1' as training_id, date '2011-06-30' as cohort_month, measure,
    'Clear answers' as title, 'compared' as status, 'descriptive' as evidence,
    14 as completed_count, 12 as trained_count, 15 as peer_count, 2 as trained_left_out_count,
    1 as peer_left_out_count, false as is_low_n, 0.5::double as trained_before_ratio,
    0.6::double as trained_after_ratio, 0.5::double as peer_before_ratio,
    0.5::double as peer_after_ratio, 0.1::double as training_effect,
    -0.05::double as training_effect_low, 0.25::double as training_effect_high,
    'not separated' as verdict
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['first_contact_ratio', 'csat_ratio', 'resolution_time_ratio']) as measure)
    as measures;

insert into scorecard.lead_conversion by name
select as_of_date, 12 as period_months, channel, 50 as lead_count, 45 as responded_count,
    40 as conversion_cases, 20 as converted_count, 0.5::double as conversion_ratio,
    0.4::double as conversion_low, 0.6::double as conversion_high, 10 as conversion_pending_count,
    false as is_conversion_low_n, 0.6::double as opportunity_ratio,
    0.5::double as opportunity_low, 0.7::double as opportunity_high
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['all', 'search']) as channel) as channels;

insert into scorecard.sales_performance by name
select as_of_date, 12 as period_months, opportunity_kind, 40 as decided_count, 20 as won_count,
    0.5::double as win_ratio, 0.4::double as win_low, 0.6::double as win_high,
    false as is_win_low_n, 1000::decimal(18, 2) as won_amount, 5 as open_count, 1 as overdue_count,
    0 as without_amount_count, 35 as slipped_cases, 0.5::double as slipped_ratio,
    0.4::double as slipped_low, 0.6::double as slipped_high, false as is_slipped_low_n,
    case when opportunity_kind = 'all' then 20 end as key_account_count,
    case when opportunity_kind = 'all' then true end as is_key_account_coverage_low_n,
    case when opportunity_kind = 'all' then 0.5::double end as key_account_coverage_ratio,
    case when opportunity_kind = 'all' then 0.4::double end as key_account_coverage_low,
    case when opportunity_kind = 'all' then 0.6::double end as key_account_coverage_high
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['all', 'renewal']) as opportunity_kind) as kinds;

insert into scorecard.sales_forecasts by name
select as_of_date, horizon_months, 12 as month_count, 0.2::double as forecast_wape
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest([1, 2]) as horizon_months) as horizons;

insert into scorecard.campaign_performance by name
select as_of_date, campaign_id, 60 as sent_count, 50 as delivered_count, 20 as opened_count,
    5 as clicked_count, 1 as unsubscribed_count, 40 as conversion_cases,
    10 as conversion_pending_count, 20 as converted_count, 0 as sent_without_consent_count,
    0 as sent_to_lead_without_consent_count,
    0.5::double as conversion_ratio,
    0.4::double as conversion_low, 0.6::double as conversion_high, false as is_conversion_low_n,
    0.1::double as clicked_ratio, 0.05::double as clicked_low, 0.2::double as clicked_high,
    false as is_clicked_low_n, 0.02::double as unsubscribed_ratio,
    0.01::double as unsubscribed_low, 0.1::double as unsubscribed_high,
    false as is_unsubscribed_low_n,
    100::decimal(18, 2) as first_touch_amount, 100::decimal(18, 2) as last_touch_amount,
    100::decimal(18, 2) as linear_amount, 10::decimal(18, 2) as cost_amount, 5 as lead_count,
    2::double as cost_per_lead, 'margin' as value_basis, 30::decimal(18, 2) as first_touch_margin,
    30::decimal(18, 2) as last_touch_margin, 30::decimal(18, 2) as linear_margin,
    -- c-1 has sent all it will; messages of c-2 are younger than their days.
    case when campaign_id = 'c-1' then 2::double end as first_touch_return_ratio,
    case when campaign_id = 'c-1' then 2::double end as last_touch_return_ratio,
    case when campaign_id = 'c-1' then 2::double end as linear_return_ratio
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['c-1', 'c-2']) as campaign_id) as campaigns;

update scorecard.campaign_performance set conversion_cases = 50, conversion_pending_count = 0
where campaign_id = 'c-1';

insert into scorecard.loyalty_programme by name
select as_of_date, period_months, tier, 60 as active_customer_count,
    30 as active_member_count, 0.5::double as enrolment_ratio, 0.4::double as enrolment_low,
    0.6::double as enrolment_high, false as is_enrolment_low_n, 31 as member_count,
    1 as unlinked_member_count, 100 as opening_balance, 50 as points_earned,
    30 as points_burned, 20 as points_expired, 0 as points_adjusted, 100 as closing_balance,
    0 as negative_balance_count, 0.6::double as burn_ratio, 0.4::double as breakage_ratio
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest([1, 12]) as period_months) as periods
cross join (select unnest(['all', 'A']) as tier) as tiers;

insert into scorecard.campaign_effects by name
select as_of_date, campaign_id, 'e-1' as experiment_id, 'mail' as channel, 'compared' as status,
    'margin' as value_basis, 40 as treated_count, 40 as control_count, 0 as pending_count,
    0 as treated_without_consent_count, 0 as control_without_consent_count,
    false as is_low_n, 0.4::double as treated_conversion_ratio,
    0.3::double as treated_conversion_low, 0.5::double as treated_conversion_high,
    0.3::double as control_conversion_ratio, 0.2::double as control_conversion_low,
    0.4::double as control_conversion_high, 0.1::double as incremental_conversion,
    -0.05::double as incremental_conversion_low, 0.25::double as incremental_conversion_high,
    50::decimal(18, 2) as incremental_value, -10::decimal(18, 2) as incremental_value_low,
    110::decimal(18, 2) as incremental_value_high, 10::decimal(18, 2) as cost_amount,
    4::double as incremental_return_ratio, -2::double as incremental_return_ratio_low,
    10::double as incremental_return_ratio_high
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['c-1', 'c-2']) as campaign_id) as campaigns;

insert into scorecard.crm_adoption by name
select as_of_date, team_id, 40 as staff_count, 20 as active_staff_count,
    0.5::double as adoption_ratio, 0.4::double as adoption_low, 0.6::double as adoption_high,
    false as is_adoption_low_n, 40 as due_card_count, 0.8::double as card_on_time_ratio,
    0.7::double as card_on_time_low, 0.9::double as card_on_time_high,
    false as is_card_on_time_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['all', 't-1']) as team_id) as teams;

insert into scorecard.self_service by name
select as_of_date, period_months, 40 as bot_containment_cases, 0.5::double as bot_containment_ratio,
    0.4::double as bot_containment_low, 0.6::double as bot_containment_high,
    40 as help_centre_cases, 0.5::double as help_centre_ratio, 0.4::double as help_centre_low,
    0.6::double as help_centre_high, false as is_help_centre_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest([1, 12]) as period_months) as periods;
-- An alert of a customer that is open, one that was closed, one of a tier; what alerts were worth; the
-- ways between stages.
insert into scorecard.rhi_alerts by name
select 'alert-' || number as alert_id, scope as alert_scope, customer_id, 'A' as tier,
    date '2011-09-30' as opened_on, opened_by, date '2011-10-31' as last_alarming_on, closed_on,
    closed_by, 2 as months_open, 35.0::double as health_at_opening,
    20.0::double as interaction_score_at_opening, 100.00::decimal(18, 2) as revenue_12m_at_opening
from (values
    (1, 'customer', 'customer-0001', 'low_health', null, null),
    (2, 'customer', 'customer-0002', 'falling_health', date '2011-11-30', 'customer_lost'),
    (3, 'tier', null, 'common_decline', null, null)
) as alerts(number, scope, customer_id, opened_by, closed_on, closed_by);

insert into scorecard.rhi_alert_performance by name
select as_of_date, rule, tier, 40 as loss_count, 20 as warned_count, 10 as in_time_count,
    60.0::double as lead_days_median, 40 as alert_count, 20 as right_count, 5 as pending_count,
    0.5::double as recall_ratio, 0.4::double as recall_low, 0.6::double as recall_high,
    0.5::double as in_time_ratio, 0.4::double as in_time_low, 0.6::double as in_time_high,
    0.5::double as precision_ratio, 0.4::double as precision_low, 0.6::double as precision_high,
    false as is_recall_low_n, true as is_in_time_low_n, false as is_precision_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['relationship_health', 'no_purchase']) as rule) as rules
cross join (select unnest(['all', 'A']) as tier) as tiers;

insert into scorecard.stage_transitions by name
select as_of_date, 1 as period_months, tier, 'familiar' as from_stage, to_stage,
    40 as start_count, customer_count, customer_count / 40 as move_ratio,
    greatest(0, customer_count / 40 - 0.1) as move_low,
    least(1, customer_count / 40 + 0.1) as move_high, false as is_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['all', 'A']) as tier) as tiers
cross join (values ('explore', 4), ('familiar', 30), ('trust', 4), ('co_create', 0), ('exit', 2))
    as ways(to_stage, customer_count);

insert into scorecard.stage_playbooks by name
select stage, stage as name, stage as goal, 'Do it.' as strategy, stage = 'exit' as needs_consent
from (select unnest(['explore', 'familiar', 'trust', 'co_create', 'exit']) as stage);

insert into scorecard.credit_by_grade by name
select as_of_date, grades.*, 100::decimal(18, 2) as receivable_amount,
    10::decimal(18, 2) as overdue_amount, 40 as bad_cases, 20 as bad_count, 0.5::double as bad_ratio,
    0.4::double as bad_low, 0.6::double as bad_high, false as is_bad_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (values ('all', 50), ('A', 30), ('unrated', 20)) as grades (grade, customer_count);

-- One customer with learnt points, one with the expert's, one new.
update scorecard.customer_indicators set credit_status = 'rated', credit_points = 600, credit_grade = 'B'
where customer_id in ('customer-0001', 'customer-0002');
update scorecard.customer_indicators set credit_status = 'unrated'
where customer_id = 'customer-0003';
update scorecard.customer_indicators
set external_credit_rating = 3, external_credit_grade = 'B', external_credit_age_days = 90
where customer_id = 'customer-0001';

insert into scorecard.credit_ratings by name
select customer_id, as_of_date, credit_status, method, points, grade, bad_probability_12m, reason_1,
    indicators.credit_points as expert_points, estimator_version
from scorecard.customer_indicators as indicators
inner join (
    values ('customer-0001', 'learnt', 620, 'A', 1 / 101.0, 'use of the credit line', 'credit-1'),
        ('customer-0002', 'expert', 600, 'B', null, 'part of it was returned', null),
        ('customer-0003', 'unrated', null, null, null, null, null)
) as ratings(customer_id, method, points, grade, bad_probability_12m, reason_1, estimator_version)
    using (customer_id);

insert into scorecard.estimators by name
select 'credit' as estimator, 'credit-1' as estimator_version, 'published' as status,
    date '2010-06-30' as trained_from, date '2010-11-30' as trained_to,
    date '2011-11-30' as labels_to, 'cc33' as content_hash, 'champion' as role,
    'gate' as approved_by, date '2011-11-30' as approved_as_of,
    'the first estimator of its kind' as approval_reason;

insert into scorecard.credit_points by name
select 'learnt' as rating, 'credit-1' as estimator_version, 'tenure_days' as characteristic,
    bins.*, bad_count / case_count as bad_ratio, false as is_low_n
from (
    values (1, 'below 365', null, 365.0, 100, 20, -0.4, -12.0),
        (2, '365 or more', 365.0, null, 100, 10, 0.4, 12.0),
        (3, 'not known', null, null, 50, 6, 0.0, 0.0)
) as bins(bin_number, bin_label, from_value, to_value, case_count, bad_count, evidence, points);

insert into scorecard.kpi_associations by name
select last_month as as_of_date, 'csat_revenue' as pair_id, 'customer' as panel, segment,
    lag_months, 'csat_score' as x_measure, 'higher satisfaction' as x_name,
    'revenue_3m' as y_measure, 'revenue' as y_name, 'Whether' as reason,
    case when is_tested then 100 else 29 end as unit_count, 200 as row_count,
    0 as low_response_row_count, is_tested,
    case when not is_tested then 'few_customers' end as not_tested_reason,
    case when is_tested then (lag_months + 1) / 10.0 end as rho,
    case when is_tested then lag_months / 10.0 end as rho_low,
    case when is_tested then (lag_months + 2) / 10.0 end as rho_high,
    case when is_tested then (lag_months + 1) / 10.0 end as partial_rho,
    case when is_tested then lag_months / 10.0 end as partial_rho_low,
    case when is_tested then (lag_months + 2) / 10.0 end as partial_rho_high,
    case when is_tested then -0.3 end as within_rho,
    case when is_tested then -0.4 end as within_rho_low,
    case when is_tested then -0.2 end as within_rho_high,
    case when is_tested then 0.3 end as between_rho,
    case when is_tested then 0.2 end as between_rho_low,
    case when is_tested then 0.4 end as between_rho_high,
    case when is_tested then 0.04 * (7 - lag_months) end as p_value,
    -- Of seven tests .04, .08 ... .28 each: all have the q of the largest.
    case when is_tested then 0.28 end as q_value,
    false as is_supported, is_tested and lag_months = 6 as is_best_lag,
    is_tested as is_sign_flip, 'Higher satisfaction goes with more.' as sentence,
    '满意度越高' as sentence_zh
from (select max(as_of_date) as last_month from scorecard.customer_indicators) as months
cross join (values (0), (1), (2), (3), (4), (5), (6)) as lags(lag_months)
cross join (values ('all', true), ('A', false)) as segments(segment, is_tested);

insert into scorecard.credit_model_performance by name
select 'credit-1' as estimator_version, parts.*, rating = 'learnt' as is_used,
    1000 as case_count, 500 as customer_count, 210 as bad_customer_count,
    (1 + gini) / 2 as auc, gini - 0.1 as gini_low, gini + 0.1 as gini_high, false as is_low_n,
    'published' as status
from (values ('learnt', 'test', 0.5), ('expert', 'test', 0.4), ('learnt', 'train', 0.6))
    as parts(rating, slice, gini);

insert into scorecard.estimators by name
select 'upsell' as estimator, 'upsell-1' as estimator_version, 'published' as status,
    date '2010-06-30' as trained_from, date '2011-03-31' as trained_to,
    date '2011-09-30' as labels_to, 'dd44' as content_hash, 'champion' as role,
    'gate' as approved_by, date '2011-11-30' as approved_as_of,
    'the first estimator of its kind' as approval_reason;

insert into scorecard.upsell_predictions by name
select customer_id, as_of_date,
    case when number % 2 = 0 then 'contractual' else 'non_contractual' end as upsell_kind,
    number % 20 < 18 as is_eligible,
    case number % 20 when 18 then 'not_active' when 19 then 'no_base' end as ineligible_reason,
    case when number % 20 < 18 then score / 100 end as expand_probability,
    case when number % 20 < 18 then score / 100 * 0.9 end as expand_probability_low,
    case when number % 20 < 18 then least(1, score / 100 * 1.1) end as expand_probability_high,
    case when number % 20 < 18 then score when number % 20 = 18 then 0 end as expected_upsell_6m,
    case when number % 3 = 0 and number % 20 <> 19 then case
        when number % 20 = 18 then 0 else least(score, 50) end
    end as expected_upsell_capped_6m,
    case number % 3 when 0 then 'tier' when 1 then 'no_answer' else 'no_wallet' end
        as headroom_basis,
    case when number % 3 = 0 then 50 end as headroom_6m,
    case when number % 3 = 0 then 400 end as wallet_12m,
    case number % 3 when 0 then 0.5 when 2 then 0 end as share_of_wallet_ratio,
    case when number % 3 = 0 then 0.75 end as share_of_wallet_p90_ratio,
    case when number % 3 = 0 then 40 end as headroom_answer_count,
    case when number % 20 < 18 then 100 end as amount_if_expands,
    case when number % 20 < 18 then 20 end as amount_if_expands_p10,
    case when number % 20 < 18 then 80 end as amount_if_expands_p50,
    case when number % 20 < 18 then 240 end as amount_if_expands_p90,
    case when number % 20 < 18 then 0 end as upsell_p10,
    case when number % 20 < 18 then 0 end as upsell_p50,
    case when number % 20 < 18 then 120 end as upsell_p90,
    'estimator' as upsell_method, 'published' as upsell_status,
    'upsell-1' as upsell_estimator_version
from (
    select customer_id, as_of_date, right(customer_id, 4)::integer as number,
        round(number * 37 % 1000 / 10, 2)::double as score
    from scorecard.customer_indicators
) as people;

insert into scorecard.cluster_profiles by name
select 'segments-1' as estimator_version, date '2010-12-31' as review_date, groups.*,
    features.feature, 10.0::double as typical_value, 0.8::double as deviation,
    'buys often' as wording, 200 as review_customer_count, 2 as cluster_count,
    0.4::double as silhouette, 0.9::double as stability
from (values (1, 'Buys often', '购买频繁', 120), (2, 'Long silent', '久未购买', 80))
    as groups(cluster_id, cluster_name, cluster_name_zh, customer_count)
cross join (values ('purchases_12m'), ('revenue_12m')) as features(feature);

insert into scorecard.customer_clusters by name
select customer_id, as_of_date, 'clustered' as segment_status, number % 2 + 1 as cluster_id,
    case number % 2 when 0 then 'Buys often' else 'Long silent' end as cluster_name,
    0.7::double as distance, date '2010-12-31' as review_date, 'segments-1' as estimator_version
from (
    select customer_id, as_of_date, right(customer_id, 4)::integer as number
    from scorecard.customer_indicators
) as people;

insert into scorecard.acquisition_cost by name
select as_of_date, 12 as period_months, channel, tier, 1 as lag_months, 12 as measured_months,
    true as is_fully_loaded, 0.6 * cost as media_cost, 0.3 * cost as pay_cost,
    0.1 * cost as other_cost, cost as acquisition_cost, 0.1 * cost as shared_cost,
    customer_count as new_customer_count,
    cost / nullif(customer_count, 0) as acquisition_cost_per_customer,
    20 as monthly_revenue_per_customer, 0.5::double as gross_margin_ratio,
    cost / nullif(customer_count, 0) / 10.0::double as payback_months,
    customer_count < 30 as is_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (
    values ('all', 'all', 5000.00, 40), ('search', 'all', 4800.00, 40), ('none', 'all', 200.00, 0),
        ('all', 'A', 4800.00, 40), ('all', 'none', 200.00, 0),
        ('search', 'A', 4800.00, 40), ('none', 'none', 200.00, 0)
) as parts (channel, tier, cost, customer_count);

insert into scorecard.new_customer_value by name
select as_of_date, period_months, channel, tier, new_customer_count,
    new_customer_count as valued_customer_count, 'margin' as value_basis,
    case when new_customer_count > 0 then 40.00 end as earned_per_customer,
    case when new_customer_count > 0 then 90.00 end as clv_12m_per_customer,
    case when new_customer_count > 0 then 200.00 end as clv_36m_per_customer,
    case when new_customer_count > 0 then 240.00 end as lifetime_value_per_customer,
    acquisition_cost_per_customer,
    round(240 / acquisition_cost_per_customer, 6)::double as ltv_to_cac,
    case when new_customer_count = 0 then 'nobody_won' end as ltv_to_cac_missing_reason,
    is_low_n
from scorecard.acquisition_cost;

insert into scorecard.customer_value by name
select customer_id, as_of_date, 'A' as tier, true as is_active, value_basis,
    50.00 as current_value, 12.00 as potential_value_12m, 0.3 as cross_sell_probability,
    2 as unused_category_count, 40 as potential_case_count, 'profile' as potential_method,
    round(1 - churn_probability, 6) as loyalty_probability, clv_12m,
    1 as referred_customer_count_12m, 20.00 as referral_reward_12m, 30.00 as referral_value_12m,
    clv_12m + 30 as clv_with_referrals_12m
from scorecard.predictions
where clv_12m is not null;

insert into scorecard.customer_potential by name
select customer_id, as_of_date, places.place, 'A' as tier, 'plans' as main_category,
    places.product_category, 0.2 as uptake_probability, places.case_count as uptake_case_count,
    places.case_count < 30 as is_low_n, 'margin' as value_basis,
    places.mean_value as adopter_mean_value, 0.2 * places.mean_value as expected_value_12m,
    'profile' as method
from scorecard.customer_value
cross join (
    values (1, 'add-ons', 40, 40.00), (2, 'lamps', 29, 20.00)
) as places (place, product_category, case_count, mean_value);

-- Every customer who has a value was there a month ago with 10 less, five of it by margin.
insert into scorecard.clv_changes by name
select customer_id, as_of_date, 'A' as tier, 'stayed' as change_kind, value_basis,
    false as is_estimator_changed, clv_12m - 10 as opening_clv_12m, 5.00 as retention_change,
    5.00 as margin_change, 0.00 as estimator_change, clv_12m as closing_clv_12m
from scorecard.predictions
where clv_12m is not null;

insert into scorecard.customer_equity by name
select months.as_of_date, tiers.tier, 'margin' as value_basis, months.customer_count,
    0 as negative_customer_count, months.equity as equity_12m, 2 * months.equity as equity_36m,
    0 as lapsed_customer_count, 0.00 as lapsed_value_12m,
    months.equity_before as opening_equity_12m,
    coalesce(months.equity - months.equity_before - 5, 0) as retention_change,
    5.00 as margin_change, 0.00 as estimator_change, 0.00 as unexplained_change,
    0.00 as joined_change, 0.00 as lost_change, 12 as expected_new_customer_count,
    100.00 as net_value_per_new_customer, 1140.05 as expected_new_equity
from (
    select as_of_date, count(clv_12m) as customer_count, sum(clv_12m) as equity,
        lag(sum(clv_12m)) over (order by as_of_date) as equity_before
    from scorecard.predictions
    group by as_of_date
) as months
cross join (select unnest(['all', 'A']) as tier) as tiers;

insert into scorecard.efficiency_by_tier by name
select as_of_date, 12 as period_months, tier, 57.75::double as efficiency_score,
    1.0::double as coverage, 3 as measure_count, 12.0::double as resolution_hours,
    12.0::double as resolution_hours_target, 75.0::double as resolution_hours_score,
    40 as resolved_count, 600.00 as acquisition_cost, 300.0::double as acquisition_cost_target,
    37.5::double as acquisition_cost_score, 40 as new_customer_count_12m,
    0.48::double as first_contact_ratio, 0.6::double as first_contact_ratio_target,
    60.0::double as first_contact_ratio_score, 40 as first_contact_cases,
    1 as first_contact_pending_count, 120.00 as cost_to_serve, 24 as costed_ticket_count,
    5.00 as cost_per_ticket, 36.00 as retention_cost, 9 as retained_customer_count,
    4.00 as retention_cost_per_customer, 1200.00 as retained_gross_margin,
    144.00 as amortised_acquisition_cost, 4.0::double as efficiency_ratio, false as is_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['A', 'B']) as tier) as tiers;

insert into scorecard.anchor_attainment by name
select as_of_date, 12 as period_months, 'invoice_query' as anchor_id, metric,
    'Resolved within one business day' as standard_name, tier, 12 as measured_months,
    case when tier = 'all' then 80 else 40 end as occurrence_count,
    case when tier = 'all' then 40 else 20 end as met_count, 0 as pending_count, true as is_final,
    0.5::double as attainment, 0.4::double as attainment_low, 0.6::double as attainment_high,
    false as is_low_n, 0.8::double as target_attainment, 0.3::double as gap_to_target,
    2.0::double as impact, 60 as impact_cases, 80.0::double as friction_index,
    case when metric <> 'all' then 1 end as friction_rank
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (select unnest(['all', 'A', 'B']) as tier) as tiers
cross join (select unnest(['all', 'resolution_time']) as metric) as metrics;

insert into scorecard.anchor_projects by name
select as_of_date, 'PRJ-1' as project_id, 'invoice_query' as anchor_id, 'all' as metric,
    date '2011-03-01' as rollout_started_on, date '2011-03-31' as rollout_ended_on,
    'major_complaint' as comparison_anchor_id, 'compared' as status, 200 as before_days,
    datediff('day', date '2011-03-31', as_of_date) as after_days, 80 as before_count,
    -- Each of the three is rounded by itself, so that they add up to the last digit but one.
    0.599999::double as before_attainment, 70 as after_count, 0.8::double as after_attainment,
    0 as pending_count, 0.2::double as difference, 0.052431::double as difference_low,
    0.333873::double as difference_high, 0.1::double as comparison_difference,
    0.1::double as net_difference, -0.149637::double as net_difference_low,
    0.352103::double as net_difference_high, false as is_beyond_chance,
    'descriptive' as evidence, true as is_season_different, false as is_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months;

insert into scorecard.anchor_audits by name
select as_of_date, 'invoice_query' as anchor_id, 45 as audit_count, 40 as compared_count,
    20 as agreed_count, 0.5::double as agreement_ratio, 0.4::double as agreement_low,
    0.6::double as agreement_high, 0.5::double as system_met_ratio,
    0.5::double as auditor_met_ratio, false as is_low_n, true as is_measure_in_doubt
from (select distinct as_of_date from scorecard.customer_indicators) as months;

insert into scorecard.anchor_audit_sample by name
select date '2011-09-30' as as_of_date, 'invoice_query' as anchor_id, i as sample_number,
    'ticket-' || i as occurrence_id, 'ticket-' || i as ticket_id,
    'customer-' || lpad(i::varchar, 4, '0') as customer_id, date '2011-09-05' as occurred_on,
    6 as population_count, 5 as sample_size
from range(1, 6) as numbers(i);

insert into scorecard.journey_funnel by name
select as_of_date, 'month' as cohort_kind, cohort_month, 'purchase' as stage, 3 as place,
    40 as entered_count, 2 as out_of_order_count, pending as pending_count,
    pending = 0 as is_final, 40 - pending as conversion_cases,
    case when pending = 0 then 20 end as converted_count,
    case when pending = 0 then 0.5::double end as conversion_ratio,
    case when pending = 0 then 0.4::double end as conversion_low,
    case when pending = 0 then 0.6::double end as conversion_high,
    pending > 0 as is_conversion_low_n,
    case when pending = 0 then 40 end as drop_off_cases,
    case when pending = 0 then 0.2::double end as drop_off_ratio,
    case when pending = 0 then 0.1::double end as drop_off_low,
    case when pending = 0 then 0.3::double end as drop_off_high,
    pending > 0 as is_drop_off_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (values (date '2011-01-31', 0), (date '2011-08-31', 40)) as cohorts(cohort_month, pending);

insert into scorecard.touchpoints by name
select as_of_date, 12 as period_months, touchpoint, owner, owner is not null as is_registered,
    owner is null as is_unowned, 10 as contact_count, 8 as customer_month_count,
    0.5::double as customer_initiated_ratio, 0.5::double as two_way_ratio
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (values ('service_desk', 'customer service'), ('fair', null)) as points(touchpoint, owner);

insert into scorecard.process_steps by name
select as_of_date, 12 as period_months, 'ticket' as process, step, place, 12 as measured_months,
    40 as entry_count, 20 as rework_count, 0.5::double as rework_ratio,
    0.4::double as rework_low, 0.6::double as rework_high, 40 as finished_count,
    60.0::double as minutes_p50, 600.0::double as minutes_p90, 40 as business_finished_count,
    30.0::double as business_minutes_p50, 300.0::double as business_minutes_p90,
    2 as ongoing_count, false as is_low_n, false as is_rework_low_n
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (values ('new', 1), ('open', 2)) as steps(step, place);

insert into scorecard.perceived_value_by_group by name
select as_of_date, 'all' as group_kind, 'all' as group_value, dimension, side,
    40 as answer_count, 60.0::double as performance, 55.0::double as performance_low,
    65.0::double as performance_high, false as is_low_n,
    case when side <> 'both' then 0.5::double end as stated_importance,
    case when side <> 'both' then 0.5::double end as derived_importance,
    case when side <> 'both' then 'keep_up' end as quadrant
from (select distinct as_of_date from scorecard.customer_indicators) as months
cross join (
    values ('product', 'benefit'), ('service', 'benefit'), ('money', 'cost'), ('time', 'cost'),
        ('index', 'both')
) as parts(dimension, side);

insert into scorecard.judgement_matrices by name
select 'value' as matrix_id, date '2011-01-31' as in_force_from, pairs.*,
    preference as lowest_preference, preference as highest_preference, 1 as assessor_count,
    3 as criterion_count, 3.009203::double as lambda_max, 0.004601::double as consistency_index,
    0.007933::double as consistency_ratio, 'saaty_1980' as random_index,
    'current against potential is 2 and potential against relationship is 2' as worst_triad
from (
    values ('current', 'potential', 2.0::double), ('current', 'relationship', 3.0::double),
        ('potential', 'relationship', 2.0::double)
) as pairs(row_criterion, column_criterion, preference);

insert into scorecard.scorecard_weights by name
select 'generic' as profile, as_of_date, node_id, 'value' as parent_node_id,
    'measure' as node_kind, 1 as depth, node_id as label,
    case when is_judged then judged else configured end as weight,
    case when is_judged then judged else configured end as global_weight,
    case when is_judged then 'ahp' else 'fallback_fixed' end as method,
    configured as configured_weight, case when is_judged then judged end as judged_weight,
    case when is_judged then 'value' end as matrix_id,
    case when is_judged then date '2011-01-31' end as judged_from,
    case when is_judged then 1 end as assessor_count,
    case when is_judged then 3 end as criterion_count,
    case when is_judged then 3.009203::double end as lambda_max,
    case when is_judged then 0.007933::double end as consistency_ratio,
    case when is_judged then 'saaty_1980' end as random_index
from (
    select distinct as_of_date, as_of_date >= date '2011-01-31' as is_judged
    from scorecard.customer_indicators
) as months
cross join (
    values ('current', 0.4::double, 0.539615::double), ('potential', 0.3::double, 0.296961::double),
        ('relationship', 0.3::double, 0.163424::double)
) as nodes(node_id, configured, judged);

insert into scorecard.weight_sensitivity by name
select 'generic' as profile, date '2011-11-30' as as_of_date, 'current' as node_id, directions.*,
    'value' as parent_node_id, 'current' as label, 0.5::double as weight,
    0.5 * (1 + relative_change) / (1 + 0.5 * relative_change) as changed_weight,
    200 as customer_count, 10 as band_changed_count, 0.05::double as band_changed_ratio,
    0.02::double as band_changed_low, 0.09::double as band_changed_high,
    false as is_band_changed_low_n, 1.5::double as mean_change, 4.0::double as largest_change,
    200 as ranked_count, 20 as decile_changed_count, 0.1::double as decile_changed_ratio,
    0.06::double as decile_changed_low, 0.15::double as decile_changed_high,
    false as is_decile_changed_low_n, 0.98::double as rank_correlation
from (values ('raised', 0.2::double), ('lowered', -0.2::double))
    as directions(direction, relative_change);

insert into scorecard.topsis_ranks by name
select 'generic' as profile, date '2011-11-30' as as_of_date, 3 as criterion_count,
    200 as customer_count, 40 as decile_changed_count, 0.2::double as decile_changed_ratio,
    0.15::double as decile_changed_low, 0.26::double as decile_changed_high,
    false as is_decile_changed_low_n, 0.95::double as rank_correlation,
    0.8::double as rank_concordance;

-- An assessment of the organisation by two assessors: two sections of two practices each, all closed.
insert into scorecard.cmat_practices by name
select date '2011-11-30' as as_of_date, 'a-1' as assessment_id, practice_id, section_id,
    'element' as element, 'What good looks like' as practice, 'retention' as reap,
    date '2011-10-01' as opened_on, date '2011-10-29' as closes_on, true as is_closed,
    3 as dimension_count, 1::double as weight, answer_status, intention_level, reality_level,
    stated_reality_level, effect_level, 1 as evidence_count,
    case when stated_reality_level > reality_level then 1 else 0 end as capped_count,
    coalesce(stated_reality_level > reality_level, false) as is_capped, practice_percent,
    case when measured_level is not null then 'clv_coverage' end as metric_id, measurable_level,
    measured_level, perception_gap
from (values
    ('P01.1', 's-1', 'answered', 4, 3, 3, 2, 75, 4, 1, 2),
    ('P01.2', 's-1', 'answered', 2, 1, 3, 1, 31.25, 2, 2, 0),
    ('P02.1', 's-2', 'unanswered', null, null, null, null, 0, 4, 4, null),
    ('P02.2', 's-2', 'not_applicable', null, null, null, null, null, null, null, null)
) as practices(practice_id, section_id, answer_status, intention_level, reality_level,
    stated_reality_level, effect_level, practice_percent, measurable_level, measured_level,
    perception_gap);

insert into scorecard.cmat_sections by name
select date '2011-11-30' as as_of_date, 'a-1' as assessment_id, section_id, place,
    'Section' as section_name, 0.5::double as weight, true as is_closed, 2 as practice_count,
    counted_count, section_percent, intention_percent, reality_percent, effect_percent
from (values ('s-1', 1, 2, 53.125, 75, 50, 37.5), ('s-2', 2, 1, 0, 0, 0, 0))
    as sections(section_id, place, counted_count, section_percent, intention_percent,
        reality_percent, effect_percent);

insert into scorecard.cmat_overall by name
select date '2011-11-30' as as_of_date, 'a-1' as assessment_id, date '2011-10-01' as opened_on,
    date '2011-10-29' as closes_on, true as is_closed, 3 as dimension_count, 2 as assessor_count,
    26.5625 as overall_percent, 1 as section_coverage, 35 as benchmark_mean_percent,
    67 as benchmark_best_percent, 17 as benchmark_worst_percent,
    'below_mean' as benchmark_position;

insert into scorecard.cmat_agreement by name
select date '2011-11-30' as as_of_date, 'a-1' as assessment_id, 1 as first_assessor,
    2 as second_assessor, dimension, common as common_practice_count, kappa as weighted_kappa,
    difference as mean_difference, difference - 0.2 as mean_difference_low,
    difference + 0.2 as mean_difference_high, common < 20 as is_low_n
from (values ('reality', 40, 0.7, 0.1), ('effect', 8, null, null))
    as pairs(dimension, common, kappa, difference);

insert into scorecard.cmat_metrics by name
select date '2011-11-30' as as_of_date, metric_id, metric_id as name, unit, value,
    case when value is not null then 40 end as case_count
from (values ('clv_coverage', 'ratio', 0.9), ('clv_age_days', 'days', 61.0),
    ('sla_met', 'ratio', null)) as metrics(metric_id, unit, value);

insert into scorecard.cmat_findings by name
select 'a-1' as assessment_id, practice_id, 'reality' as dimension, 1 as assessor_number, finding,
    action, 'What it means' as explanation, 3 as stated_level, 1 as counted_level,
    date '2011-10-05' as answered_on
from (values ('P01.2', 'level_without_evidence', 'flagged'), ('X1', 'unknown_practice', 'excluded'))
    as findings(practice_id, finding, action);

-- What else was foretold than churn, all of it still to come.
insert into scorecard.prediction_outcomes by name
select foretold.*, last_day(foretold.as_of_date) as published_month, 'pending' as outcome_state,
    'published' as status,
    case when probability < 0.1 then 'low' when probability <= 0.3 then 'middle' else 'high' end
        as risk_band
from (
    select 'upsell' as estimator, 'expansion' as prediction_kind, 'customer' as subject,
        customer_id, as_of_date, expand_probability as probability, 'estimator' as method,
        upsell_estimator_version as estimator_version
    from scorecard.upsell_predictions where expand_probability is not null
    union all by name
    select 'credit' as estimator, 'bad_payer' as prediction_kind, 'customer' as subject,
        customer_id, as_of_date, bad_probability_12m as probability, method, estimator_version
    from scorecard.credit_ratings where bad_probability_12m is not null
    union all by name
    select 'potential' as estimator, 'new_category' as prediction_kind, 'customer' as subject,
        customer_id, as_of_date, cross_sell_probability as probability,
        potential_method as method, 'counted' as estimator_version
    from scorecard.customer_value where cross_sell_probability is not null
    union all by name
    select 'potential' as estimator, 'category_uptake' as prediction_kind,
        product_category as subject, customer_id, as_of_date, uptake_probability as probability,
        method, 'counted' as estimator_version
    from scorecard.customer_potential
) as foretold;

-- One customer refused to hear of offers, one was never asked.
update scorecard.predictions as lists set
    may_contact = lists.customer_id not in ('customer-0003', 'customer-0004'),
    held_reason = case lists.customer_id when 'customer-0003' then 'consent_refused'
        when 'customer-0004' then 'consent_unknown' end
where lists.action_level is not null;
update scorecard.upsell_predictions as lists set
    may_contact = lists.customer_id not in ('customer-0003', 'customer-0004'),
    held_reason = case lists.customer_id when 'customer-0003' then 'consent_refused'
        when 'customer-0004' then 'consent_unknown' end;
update scorecard.customer_potential as lists set
    may_contact = lists.customer_id not in ('customer-0003', 'customer-0004'),
    held_reason = case lists.customer_id when 'customer-0003' then 'consent_refused'
        when 'customer-0004' then 'consent_unknown' end;
update scorecard.customer_value_segments as lists set
    may_contact = lists.customer_id not in ('customer-0003', 'customer-0004'),
    held_reason = case lists.customer_id when 'customer-0003' then 'consent_refused'
        when 'customer-0004' then 'consent_unknown' end
where lists.cell = 'high_high_high';
update scorecard.customer_value_segments set may_contact = true where cell = 'low_low_high';
