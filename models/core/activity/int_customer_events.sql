{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per event. The narrative thread: typed events over all sources, with amounts and
    codes but without text. An event whose customer is not known stays, with an empty customer. Its
    month is the one by whose end it was known, which a record that came late may follow. -#}
with run_months as (

    {{ run_months() }}

),

links as (

    select
        identity_links.source_system,
        identity_links.source_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links

),

crm_links as (

    select
        links.source_id as crm_customer_id,
        links.customer_id
    from links
    where links.source_system = 'crm'

),

billing_links as (

    select
        links.source_id as source_customer_id,
        links.customer_id
    from links
    where links.source_system = 'billing'

),

-- Billing

documents as (

    select
        billing_lines.customer_id,
        billing_lines.line_kind,
        billing_lines.month_end,
        -- A credit without a number is told by its time.
        coalesce(
            billing_lines.document_id, concat('at ', cast(billing_lines.occurred_at as varchar))
        ) as document_id,
        min(billing_lines.occurred_at) as occurred_at,
        sum(billing_lines.amount) as amount,
        count(*) as line_count
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_months
        on
            billing_lines.month_end >= run_months.first_month
            and billing_lines.month_end <= run_months.last_month
    where billing_lines.exclusion_reason is null
    group by
        billing_lines.customer_id, billing_lines.line_kind, billing_lines.month_end,
        coalesce(
            billing_lines.document_id, concat('at ', cast(billing_lines.occurred_at as varchar))
        )

),

payments as (

    select payments.*
    from {{ ref('int_payments') }} as payments
    inner join run_months
        on
            payments.month_end >= run_months.first_month
            and payments.month_end <= run_months.last_month

),

subscriptions as (

    select distinct
        subscriptions.subscription_id,
        subscriptions.source_customer_id
    from {{ ref('stg_billing__subscriptions') }} as subscriptions

),

-- A price keeps the rate of the day it took effect, in the thread as in recurring revenue.
prices as (

    select
        spans.change_id,
        min(spans.price_since) as price_since
    from {{ ref('int_subscription_spans') }} as spans
    where spans.change_id is not null
    group by spans.change_id

),

subscription_changes as (

    select
        subscription_changes.*,
        billing_links.customer_id,
        {{ in_reporting_currency(
            'subscription_changes.unit_price * subscription_changes.quantity',
            'subscription_changes.currency_code',
            'rate_days.rate'
        ) }} as monthly_amount
    from {{ ref('stg_billing__subscription_changes') }} as subscription_changes
    inner join run_months on {{ in_run_months('subscription_changes.effective_at') }}
    left join subscriptions
        on subscription_changes.subscription_id = subscriptions.subscription_id
    left join billing_links on subscriptions.source_customer_id = billing_links.source_customer_id
    left join prices on subscription_changes.change_id = prices.change_id
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            subscription_changes.currency_code = rate_days.currency_code
            and coalesce(prices.price_since, subscription_changes.effective_at)
            = rate_days.rate_day

),

shipments as (

    select
        shipments.*,
        billing_links.customer_id
    from {{ ref('stg_billing__shipments') }} as shipments
    inner join run_months on {{ in_run_months('shipments.shipped_at') }}
    left join billing_links on shipments.source_customer_id = billing_links.source_customer_id

),

returns as (

    select
        returns.*,
        billing_links.customer_id
    from {{ ref('stg_billing__returns') }} as returns
    inner join run_months on {{ in_run_months('returns.returned_at') }}
    left join billing_links on returns.source_customer_id = billing_links.source_customer_id

),

-- CRM

customers as (

    select customers.*
    from {{ ref('int_customers') }} as customers
    inner join run_months
        on
            customers.first_seen_month >= run_months.first_month
            and customers.first_seen_month <= run_months.last_month

),

interactions as (

    select
        interactions.*,
        crm_links.customer_id
    from {{ ref('stg_crm__interactions') }} as interactions
    inner join run_months on {{ in_run_months('interactions.occurred_at') }}
    left join crm_links on interactions.crm_customer_id = crm_links.crm_customer_id

),

relationship_events as (

    select
        relationship_events.*,
        crm_links.customer_id
    from {{ ref('stg_crm__relationship_events') }} as relationship_events
    inner join run_months on {{ in_run_months('relationship_events.occurred_at') }}
    left join crm_links on relationship_events.crm_customer_id = crm_links.crm_customer_id

),

lead_versions as (

    select
        leads.lead_id,
        leads.created_at,
        leads.converted_at,
        leads.channel,
        leads.campaign_id,
        leads.status,
        leads.crm_customer_id,
        leads.valid_from,
        lag(leads.status) over (
            partition by leads.lead_id order by leads.valid_from
        ) as previous_status
    from {{ ref('stg_crm__leads') }} as leads

),

leads as (

    select
        lead_versions.*,
        crm_links.customer_id
    from lead_versions
    inner join run_months on {{ in_run_months('lead_versions.valid_from') }}
    left join crm_links on lead_versions.crm_customer_id = crm_links.crm_customer_id
    where
        lead_versions.previous_status is null
        or (lead_versions.status = 'converted' and lead_versions.previous_status <> 'converted')

),

opportunity_steps as (

    select
        opportunity_steps.*,
        {{ in_reporting_currency(
            'opportunity_steps.amount', 'opportunity_steps.currency_code', 'rate_days.rate'
        ) }} as reporting_amount
    from {{ ref('int_opportunity_steps') }} as opportunity_steps
    inner join run_months
        on
            opportunity_steps.month_end >= run_months.first_month
            and opportunity_steps.month_end <= run_months.last_month
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            opportunity_steps.currency_code = rate_days.currency_code
            and cast(opportunity_steps.known_at as date) = rate_days.rate_day

),

-- Support: what came to count nowhere by the end of the month is left out of it

tickets as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        tickets.channel,
        tickets.opened_kind,
        tickets.created_at,
        {{ month_end('tickets.known_at') }} as known_month,
        {{ month_end('tickets.excluded_at') }} as excluded_month
    from {{ ref('int_tickets') }} as tickets

),

opened_tickets as (

    select tickets.*
    from tickets
    inner join run_months
        on
            tickets.known_month >= run_months.first_month
            and tickets.known_month <= run_months.last_month
    where tickets.excluded_month is null or tickets.excluded_month > tickets.known_month

),

ticket_spells as (

    select
        ticket_spells.*,
        tickets.customer_id,
        tickets.channel,
        {{ minutes_between('tickets.created_at', 'ticket_spells.started_at') }} as open_minutes
    from {{ ref('int_ticket_spells') }} as ticket_spells
    inner join run_months
        on
            ticket_spells.month_end >= run_months.first_month
            and ticket_spells.month_end <= run_months.last_month
    left join tickets on ticket_spells.ticket_id = tickets.ticket_id
    where
        (
            ticket_spells.state = 'solved'
            or (ticket_spells.state = 'open' and ticket_spells.spell_number > 1)
        )
        and (tickets.excluded_month is null or tickets.excluded_month > ticket_spells.month_end)

),

-- What was recorded when the complaint came in; later records may say otherwise.
receipts as (

    select
        complaint_events.complaint_id,
        complaint_events.severity,
        {{ month_end('complaint_events.occurred_at') }} as month_end
    from {{ ref('stg_support__complaint_events') }} as complaint_events
    where complaint_events.state = 'received'

),

-- Every complaint that counts came in, also one of which only a ticket or a later state tells.
received_complaints as (

    select
        complaints.complaint_id,
        complaints.customer_id,
        complaints.channel,
        least(complaints.received_at, complaints.known_at) as occurred_at,
        complaints.month_end,
        case when receipts.month_end <= complaints.month_end then receipts.severity end as severity
    from {{ ref('int_complaints') }} as complaints
    inner join run_months
        on
            complaints.month_end >= run_months.first_month
            and complaints.month_end <= run_months.last_month
    left join receipts on complaints.complaint_id = receipts.complaint_id
    where
        complaints.excluded_at is null
        or {{ month_end('complaints.excluded_at') }} > complaints.month_end

),

complaint_events as (

    select
        complaint_events.*,
        tickets.customer_id,
        tickets.channel
    from {{ ref('stg_support__complaint_events') }} as complaint_events
    inner join run_months on {{ in_run_months('complaint_events.occurred_at') }}
    left join tickets on complaint_events.ticket_id = tickets.ticket_id
    where
        complaint_events.state <> 'received'
        and (
            tickets.excluded_month is null
            or tickets.excluded_month > {{ month_end('complaint_events.occurred_at') }}
        )

),

-- Survey

invitations as (

    select survey_invitations.*
    from {{ ref('int_survey_invitations') }} as survey_invitations
    inner join run_months
        on
            survey_invitations.month_end >= run_months.first_month
            and survey_invitations.month_end <= run_months.last_month

),

answered_surveys as (

    select
        survey_answers.invitation_id,
        survey_answers.customer_id,
        survey_answers.programme_id,
        survey_answers.channel,
        survey_answers.month_end,
        min(survey_answers.responded_at) as occurred_at,
        round({{ mean('survey_answers.score_0_100') }}, 4) as mean_score
    from {{ ref('int_survey_answers') }} as survey_answers
    inner join run_months
        on
            survey_answers.month_end >= run_months.first_month
            and survey_answers.month_end <= run_months.last_month
    where
        survey_answers.is_latest_in_wave
        or {{ month_end('survey_answers.superseded_at') }} > survey_answers.month_end
    group by
        survey_answers.invitation_id, survey_answers.customer_id, survey_answers.programme_id,
        survey_answers.channel, survey_answers.month_end

),

-- Usage: the first login, and a month's use as one event

usage_months as (

    select
        usage_months.*,
        coalesce(usage_months.customer_id, usage_months.account_id) as user_id
    from {{ ref('int_usage_months') }} as usage_months
    inner join run_months
        on
            usage_months.month_end >= run_months.first_month
            and usage_months.month_end <= run_months.last_month

),

first_logins as (

    select
        usage_months.customer_id,
        min(usage_months.first_login_date) as first_login_date
    from {{ ref('int_usage_months') }} as usage_months
    where usage_months.customer_id is not null and usage_months.first_login_date is not null
    group by usage_months.customer_id

),

new_users as (

    select first_logins.*
    from first_logins
    inner join run_months on {{ in_run_months('first_logins.first_login_date') }}

),

-- Marketing

touches as (

    select
        touches.*,
        crm_links.customer_id
    from {{ ref('stg_marketing__touches') }} as touches
    inner join run_months on {{ in_run_months('touches.touched_at') }}
    left join crm_links on touches.crm_customer_id = crm_links.crm_customer_id

),

touch_responses as (

    select
        touch_responses.*,
        touches.channel,
        crm_links.customer_id
    from {{ ref('stg_marketing__touch_responses') }} as touch_responses
    inner join run_months on {{ in_run_months('touch_responses.responded_at') }}
    left join {{ ref('stg_marketing__touches') }} as touches
        on touch_responses.touch_id = touches.touch_id
    left join crm_links on touches.crm_customer_id = crm_links.crm_customer_id

),

-- Organisation

experiment_assignments as (

    select
        experiment_assignments.*,
        crm_links.customer_id
    from {{ ref('stg_organisation__experiment_assignments') }} as experiment_assignments
    inner join run_months on {{ in_run_months('experiment_assignments.assigned_at') }}
    left join crm_links on experiment_assignments.crm_customer_id = crm_links.crm_customer_id

),

action_outcomes as (

    select
        action_outcomes.*,
        crm_links.customer_id
    from {{ ref('stg_organisation__action_outcomes') }} as action_outcomes
    inner join run_months on {{ in_run_months('action_outcomes.happened_at') }}
    left join crm_links on action_outcomes.crm_customer_id = crm_links.crm_customer_id

),

events as (

    select {{ event_columns(
        "case when documents.line_kind = 'invoice_line' then 'invoice' else 'credit' end",
        "'billing'",
        "concat(documents.document_id, '|', cast(documents.month_end as varchar), "
        ~ "case when documents.line_kind = 'invoice_line' then '' "
        ~ "else concat('|', documents.customer_id) end)",
        'documents.document_id', 'documents.occurred_at', 'documents.month_end',
        'documents.customer_id',
        amount='documents.amount', line_count='documents.line_count'
    ) }}
    from documents
    union all
    select {{ event_columns(
        "case payments.status when 'succeeded' then 'payment' when 'failed' then 'payment_failed' "
        ~ "else 'payment_refunded' end",
        "'billing'", 'payments.payment_id', 'payments.payment_id', 'payments.paid_at',
        'payments.month_end', 'payments.customer_id',
        channel='payments.payment_method', amount='payments.amount'
    ) }}
    from payments
    union all
    select {{ event_columns(
        "case subscription_changes.change_kind when 'start' then 'subscription_started' "
        ~ "when 'end' then 'subscription_ended' else 'subscription_changed' end",
        "'billing'", 'subscription_changes.change_id', 'subscription_changes.subscription_id',
        'subscription_changes.effective_at', month_end('subscription_changes.effective_at'),
        'subscription_changes.customer_id',
        detail='subscription_changes.change_kind', amount='subscription_changes.monthly_amount',
        value='subscription_changes.quantity'
    ) }}
    from subscription_changes
    union all
    select {{ event_columns(
        "'shipment'", "'billing'", 'shipments.shipment_id', 'shipments.shipment_id',
        'shipments.shipped_at', month_end('shipments.shipped_at'), 'shipments.customer_id',
        detail='shipments.product_id', value='shipments.quantity'
    ) }}
    from shipments
    union all
    select {{ event_columns(
        "'return'", "'billing'", 'returns.return_id', 'returns.return_id', 'returns.returned_at',
        month_end('returns.returned_at'), 'returns.customer_id',
        detail='returns.product_id', value='returns.quantity'
    ) }}
    from returns
    union all
    select {{ event_columns(
        "'first_seen'", "case when customers.is_in_crm then 'crm' else 'billing' end",
        'customers.customer_id', 'coalesce(customers.crm_customer_id, customers.customer_id)',
        'customers.first_seen_date', 'customers.first_seen_month', 'customers.customer_id'
    ) }}
    from customers
    union all
    select {{ event_columns(
        "case when interactions.interaction_kind = 'mass_mail' then 'mass_mail' "
        ~ "else 'interaction' end",
        "'crm'", 'interactions.interaction_id', 'interactions.interaction_id',
        'interactions.occurred_at', month_end('interactions.occurred_at'),
        'interactions.customer_id',
        touchpoint='interactions.touchpoint', channel='interactions.channel',
        detail='interactions.interaction_kind', value='interactions.duration_minutes',
        is_customer_initiated="interactions.direction = 'inbound'",
        is_two_way='interactions.is_two_way'
    ) }}
    from interactions
    union all
    select {{ event_columns(
        'relationship_events.event_kind', "'crm'", 'relationship_events.event_id',
        'relationship_events.event_id', 'relationship_events.occurred_at',
        month_end('relationship_events.occurred_at'), 'relationship_events.customer_id',
        detail="case when relationship_events.is_won then 'won' end"
    ) }}
    from relationship_events
    union all
    select {{ event_columns(
        "case when leads.previous_status is null then 'lead' else 'lead_converted' end",
        "'crm'", "concat(leads.lead_id, '|', cast(leads.valid_from as varchar))", 'leads.lead_id',
        'case when leads.previous_status is null then leads.created_at '
        ~ 'else coalesce(leads.converted_at, leads.valid_from) end',
        month_end('leads.valid_from'), 'leads.customer_id',
        touchpoint='leads.campaign_id', channel='leads.channel',
        value='case when leads.previous_status is not null then '
        ~ days_between('leads.created_at', 'coalesce(leads.converted_at, leads.valid_from)')
        ~ ' end'
    ) }}
    from leads
    union all
    select {{ event_columns(
        "concat('opportunity_', opportunity_steps.step)", "'crm'",
        "concat(opportunity_steps.opportunity_id, '|', "
        ~ "cast(opportunity_steps.known_at as varchar))",
        'opportunity_steps.opportunity_id', 'opportunity_steps.happened_at',
        'opportunity_steps.month_end', 'opportunity_steps.customer_id',
        detail='opportunity_steps.opportunity_kind', amount='opportunity_steps.reporting_amount',
        value="case when opportunity_steps.step <> 'opened' then "
        ~ days_between('opportunity_steps.opened_at', 'opportunity_steps.happened_at') ~ ' end'
    ) }}
    from opportunity_steps
    union all
    select {{ event_columns(
        "'ticket_opened'", "'support'", 'opened_tickets.ticket_id', 'opened_tickets.ticket_id',
        'opened_tickets.created_at', 'opened_tickets.known_month', 'opened_tickets.customer_id',
        touchpoint="'service_desk'", channel='opened_tickets.channel',
        detail='opened_tickets.opened_kind'
    ) }}
    from opened_tickets
    union all
    select {{ event_columns(
        "case when ticket_spells.state = 'solved' then 'ticket_solved' else 'ticket_reopened' end",
        "'support'",
        "concat(ticket_spells.ticket_id, '|', cast(ticket_spells.spell_number as varchar))",
        'ticket_spells.ticket_id', 'ticket_spells.started_at', 'ticket_spells.month_end',
        'ticket_spells.customer_id',
        touchpoint="'service_desk'", channel='ticket_spells.channel',
        value='ticket_spells.open_minutes'
    ) }}
    from ticket_spells
    union all
    select {{ event_columns(
        "'complaint_received'", "'support'",
        'received_complaints.complaint_id', 'received_complaints.complaint_id',
        'received_complaints.occurred_at',
        'received_complaints.month_end', 'received_complaints.customer_id',
        touchpoint="'service_desk'", channel='received_complaints.channel',
        value='received_complaints.severity'
    ) }}
    from received_complaints
    union all
    select {{ event_columns(
        "concat('complaint_', complaint_events.state)", "'support'",
        'complaint_events.complaint_id', 'complaint_events.complaint_id',
        'complaint_events.occurred_at',
        month_end('complaint_events.occurred_at'), 'complaint_events.customer_id',
        touchpoint="'service_desk'", channel='complaint_events.channel',
        value='complaint_events.severity'
    ) }}
    from complaint_events
    union all
    select {{ event_columns(
        "'survey_invited'", "'survey'", 'invitations.invitation_id', 'invitations.invitation_id',
        'invitations.sent_at', 'invitations.month_end', 'invitations.customer_id',
        touchpoint='invitations.programme_id', channel='invitations.channel',
        detail="case when invitations.is_delivered then 'delivered' else 'not_delivered' end"
    ) }}
    from invitations
    union all
    select {{ event_columns(
        "'survey_answered'", "'survey'",
        "concat(answered_surveys.invitation_id, '|', cast(answered_surveys.month_end as varchar))",
        'answered_surveys.invitation_id', 'answered_surveys.occurred_at',
        'answered_surveys.month_end', 'answered_surveys.customer_id',
        touchpoint='answered_surveys.programme_id', channel='answered_surveys.channel',
        value='answered_surveys.mean_score',
        sentiment='round(answered_surveys.mean_score / 50 - 1, 6)'
    ) }}
    from answered_surveys
    union all
    select {{ event_columns(
        "'first_login'", "'usage'", 'new_users.customer_id', 'new_users.customer_id',
        'new_users.first_login_date', month_end('new_users.first_login_date'),
        'new_users.customer_id', touchpoint="'product'"
    ) }}
    from new_users
    union all
    select {{ event_columns(
        "'usage_month'", "'usage'",
        "concat(usage_months.user_id, '|', cast(usage_months.month_end as varchar))",
        'usage_months.user_id', 'usage_months.last_usage_date', 'usage_months.month_end',
        'usage_months.customer_id', touchpoint="'product'", value='usage_months.active_days'
    ) }}
    from usage_months
    union all
    select {{ event_columns(
        "'marketing_touch'", "'marketing'", 'touches.touch_id', 'touches.touch_id',
        'touches.touched_at', month_end('touches.touched_at'), 'touches.customer_id',
        touchpoint='touches.campaign_id', channel='touches.channel',
        detail="case when touches.is_delivered then 'delivered' else 'not_delivered' end"
    ) }}
    from touches
    union all
    select {{ event_columns(
        "concat('marketing_', touch_responses.response_kind)", "'marketing'",
        'touch_responses.response_id', 'touch_responses.touch_id', 'touch_responses.responded_at',
        month_end('touch_responses.responded_at'), 'touch_responses.customer_id',
        channel='touch_responses.channel'
    ) }}
    from touch_responses
    union all
    select {{ event_columns(
        "'experiment_assigned'", "'organisation'",
        "concat(experiment_assignments.experiment_id, '|', experiment_assignments.crm_customer_id)",
        'experiment_assignments.experiment_id', 'experiment_assignments.assigned_at',
        month_end('experiment_assignments.assigned_at'), 'experiment_assignments.customer_id',
        detail='experiment_assignments.arm'
    ) }}
    from experiment_assignments
    union all
    select {{ event_columns(
        "'action'", "'organisation'", 'action_outcomes.outcome_id', 'action_outcomes.outcome_id',
        'action_outcomes.happened_at', month_end('action_outcomes.happened_at'),
        'action_outcomes.customer_id',
        touchpoint='action_outcomes.action', detail='action_outcomes.outcome'
    ) }}
    from action_outcomes

)

select
    concat(events.event_type, ':', events.event_key) as event_id,
    events.customer_id,
    events.event_type,
    event_types.journey_stage,
    events.source_system,
    events.source_id,
    events.occurred_at,
    events.month_end,
    events.touchpoint,
    events.channel,
    events.detail,
    events.amount,
    events.line_count,
    events.value,
    events.sentiment,
    coalesce(events.is_customer_initiated, event_types.is_customer_initiated)
        as is_customer_initiated,
    coalesce(events.is_two_way, event_types.is_two_way) as is_two_way
from events
left join {{ ref('event_types') }} as event_types on events.event_type = event_types.event_type
