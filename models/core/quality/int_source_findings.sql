{#- Grain: one row per rule, source system and source table: what ingestion refused, what core keeps
    out and what it marks, counted over all that is known at the end of the run's last month. Every
    rule of `source_rules` has its row; rules of the contracts only where they refused something. A
    table that sent nothing has no counts: nothing was looked at. -#}
{#- Rules that exclude one another: the first that a row breaks is its reason. -#}
{%- set reasons = [
    ('billing', "case lines.line_kind when 'invoice_line' then 'invoice_lines' "
        ~ "else 'credit_notes' end", ref('int_billing_lines'), 'exclusion_reason'),
    ('billing', "'invoices'", ref('int_invoices'), 'exclusion_reason'),
    ('billing', "'payments'", ref('int_payments'), 'exclusion_reason'),
    ('billing', "'subscription_changes'", 'subscription_changes', 'exclusion_reason'),
    ('billing', "'subscriptions'", 'subscriptions', 'exclusion_reason'),
    ('support', "'tickets'", ref('int_tickets'), 'exclusion_reason'),
    ('support', "'business_calendars'", 'calendar_days', 'finding'),
    ('survey', "'responses'", ref('int_survey_answers'), 'exclusion_reason'),
    ('organisation', "'cmat_answers'", ref('int_cmat_answers'), 'exclusion_reason'),
] -%}
{#- Rules that stand beside each other: a row may break several. -#}
{%- set flags = [
    ('crm', 'customers', 'customer_id_reused', 'crm_records', 'lines.is_id_reused'),
    ('crm', 'customers', 'parent_circle', 'crm_customers', 'lines.has_parent_circle'),
    ('support', 'requesters', 'record_without_customer', 'support_records',
        'lines.customer_id is null'),
    ('support', 'tickets', 'ticket_without_customer', ref('int_tickets'),
        'lines.customer_id is null and lines.exclusion_reason is null'),
    ('support', 'tickets', 'opened_before_sign_up', ref('int_tickets'),
        'lines.is_opened_before_sign_up'),
    ('support', 'tickets', 'solved_before_opened', ref('int_tickets'),
        'lines.is_solved_before_opened'),
    ('support', 'tickets', 'status_in_conflict', ref('int_tickets'),
        'lines.is_status_in_conflict'),
    ('support', 'complaint_events', 'complaint_state_skipped', 'complaints',
        'lines.is_state_skipped'),
    ('support', 'complaint_events', 'complaint_state_out_of_order', 'complaints',
        'lines.is_state_out_of_order'),
    ('support', 'complaint_events', 'complaint_without_ticket', 'complaints',
        'lines.is_ticket_unknown'),
    ('marketing', 'touches', 'sent_without_consent', 'judged_touches',
        'not lines.has_consent'),
    ('organisation', 'experiment_assignments', 'assigned_without_consent',
        'campaign_assignments', 'not lines.has_consent'),
    ('survey', 'respondents', 'record_without_customer', 'survey_records',
        'lines.customer_id is null'),
    ('survey', 'responses', 'scale_reversed', ref('int_survey_answers'),
        'lines.is_scale_reversed'),
    ('survey', 'responses', 'answer_without_customer', ref('int_survey_answers'),
        'lines.customer_id is null and lines.exclusion_reason is null'),
    ('usage', 'accounts', 'record_without_customer', 'usage_records',
        'lines.customer_id is null'),
    ('organisation', 'cmat_answers', 'level_without_evidence', ref('int_cmat_answers'),
        'lines.is_level_without_evidence and lines.exclusion_reason is null'),
    ('organisation', 'cmat_answers', 'level_beside_not_applicable', ref('int_cmat_answers'),
        'lines.is_level_beside_not_applicable and lines.exclusion_reason is null'),
] -%}
{#- Events that name a customer in a table of their own; others are counted by the rules above. -#}
{%- set tables_of_events = {
    'interactions': ['interaction', 'mass_mail'],
    'relationship_events': [
        'referral', 'joint_development', 'reference', 'community', 'joint_plan'
    ],
    'opportunities': ['opportunity_opened', 'opportunity_won', 'opportunity_lost'],
    'shipments': ['shipment'],
    'returns': ['return'],
    'touches': ['marketing_touch'],
    'experiment_assignments': ['experiment_assigned'],
    'action_outcomes': ['action'],
} -%}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

-- A file that was sent again replaces what its earlier load said.
loads as (

    select loads.*
    from (
        select
            loads.*,
            row_number() over (
                partition by loads.source_system, loads.source_table, loads.file_name
                order by loads.load_id desc
            ) as newest_rank
        from {{ ref('stg_control__loads') }} as loads
        where not loads.is_decision
    ) as loads
    where loads.newest_rank = 1

),

tables_read as (

    select
        loads.source_system,
        loads.source_table,
        sum(loads.rows_read) as rows_read,
        count(*) as file_count,
        sum(case when loads.status = 'refused' then 1 else 0 end) as refused_file_count
    from loads
    group by loads.source_system, loads.source_table

),

refused as (

    select
        refused_rows.source_system,
        refused_rows.source_table,
        refused_rows.rule_id,
        count(*) as row_count
    from {{ ref('stg_control__refused_rows') }} as refused_rows
    inner join loads on refused_rows.load_id = loads.load_id
    -- A released row counts.
    where refused_rows.row_state <> 'released'
    group by refused_rows.source_system, refused_rows.source_table, refused_rows.rule_id

),

-- What is counted is the change and the subscription, however often a span of them is split.
changes as (

    select
        spans.change_id,
        spans.subscription_id,
        case
            when spans.exclusion_reason <> 'overlapping_subscription' then spans.exclusion_reason
        end as exclusion_reason,
        spans.exclusion_reason = 'overlapping_subscription' as is_overlapping,
        {{ month_end('spans.valid_from') }} as month_end
    from {{ ref('int_subscription_spans') }} as spans

),

subscription_changes as (

    select
        changes.change_id,
        changes.exclusion_reason,
        min(changes.month_end) as month_end
    from changes
    where changes.change_id is not null
    group by changes.change_id, changes.exclusion_reason

),

overlapping as (

    select
        changes.subscription_id,
        min(changes.month_end) as month_end
    from changes
    where changes.is_overlapping
    group by changes.subscription_id

),

started as (

    select
        subscriptions.subscription_id,
        min({{ month_end('subscriptions.started_at') }}) as month_end
    from {{ ref('stg_billing__subscriptions') }} as subscriptions
    inner join run_window
        on
            cast(subscriptions.valid_from as date) <= run_window.last_month
            and subscriptions.started_at <= run_window.last_month
    group by subscriptions.subscription_id

),

with_changes as (

    select distinct changes.subscription_id
    from changes

),

subscriptions as (

    select
        started.subscription_id,
        case
            when with_changes.subscription_id is null then 'subscription_without_change'
            when overlapping.subscription_id is not null then 'overlapping_subscription'
        end as exclusion_reason,
        coalesce(overlapping.month_end, started.month_end) as month_end
    from started
    left join with_changes on started.subscription_id = with_changes.subscription_id
    left join overlapping on started.subscription_id = overlapping.subscription_id

),

-- A calendar that is never open is one finding, not seven.
calendar_days as (

    select
        business_hours.calendar_id,
        business_hours.finding,
        {{ month_end('business_hours.valid_from') }} as month_end
    from {{ ref('int_business_hours') }} as business_hours
    where coalesce(business_hours.finding, '') <> 'calendar_without_hours'
    union all
    select
        business_hours.calendar_id,
        business_hours.finding,
        {{ month_end('min(business_hours.valid_from)') }} as month_end
    from {{ ref('int_business_hours') }} as business_hours
    where business_hours.finding = 'calendar_without_hours'
    group by business_hours.calendar_id, business_hours.finding

),

complaints as (

    select complaints.*
    from {{ ref('int_complaints') }} as complaints
    where complaints.basis = 'life_cycle'

),

judged_touches as (

    select
        coalesce(touches.has_consent, touches.has_lead_consent) as has_consent,
        {{ month_end('touches.touched_at') }} as month_end
    from {{ ref('int_touch_outcomes') }} as touches
    where touches.has_consent is not null or touches.has_lead_consent is not null

),

campaign_assignments as (

    select
        experiment_arms.has_consent,
        experiment_arms.assigned_month as month_end
    from {{ ref('int_experiment_arms') }} as experiment_arms

),

records as (

    select
        links.source_system,
        links.customer_id,
        identity_records.is_id_reused,
        {{ month_end('identity_records.first_recorded_at') }} as month_end
    from {{ ref('int_identity_links') }} as links
    inner join {{ ref('int_identity_records') }} as identity_records
        on
            links.source_system = identity_records.source_system
            and links.source_id = identity_records.source_id

),

{% for system in ['crm', 'support', 'survey', 'usage'] -%}
{{ system }}_records as (

    select records.*
    from records
    where records.source_system = '{{ system }}'

),

{% endfor -%}
crm_customers as (

    select
        customers.has_parent_circle,
        customers.first_seen_month as month_end
    from {{ ref('int_customers') }} as customers
    where customers.is_in_crm

),

thread as (

    select
        events.source_system,
        case
            {%- for table, event_types in tables_of_events.items() %}
            when
                events.event_type in (
                    {%- for event_type in event_types %}
                    '{{ event_type }}'{{ ',' if not loop.last }}
                    {%- endfor %}
                )
                then '{{ table }}'
            {%- endfor %}
        end as source_table,
        case when events.customer_id is null then 'event_without_customer' end as rule_id,
        events.month_end
    from {{ ref('int_customer_events') }} as events

),

by_reason as (

    select
        thread.source_system,
        thread.source_table,
        thread.rule_id,
        count(*) as row_count,
        min(thread.month_end) as first_month,
        max(thread.month_end) as last_month
    from thread
    inner join run_window on thread.month_end <= run_window.last_month
    where thread.source_table is not null
    group by thread.source_system, thread.source_table, thread.rule_id
    union all
    {% for system, table, relation, reason in reasons -%}
    select
        '{{ system }}' as source_system,
        {{ table }} as source_table,
        lines.{{ reason }} as rule_id,
        count(*) as row_count,
        min(lines.month_end) as first_month,
        max(lines.month_end) as last_month
    from {{ relation }} as lines
    inner join run_window on lines.month_end <= run_window.last_month
    group by {{ table ~ ', ' if 'lines.' in table }}lines.{{ reason }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

),

checked as (

    select
        by_reason.source_system,
        by_reason.source_table,
        sum(by_reason.row_count) as checked_count
    from by_reason
    group by by_reason.source_system, by_reason.source_table

),

by_flag as (

    {% for system, table, rule, relation, condition in flags -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table,
        '{{ rule }}' as rule_id,
        coalesce(sum(case when {{ condition }} then 1 else 0 end), 0) as row_count,
        count(*) as checked_count,
        min(case when {{ condition }} then lines.month_end end) as first_month,
        max(case when {{ condition }} then lines.month_end end) as last_month
    from {{ relation }} as lines
    inner join run_window on lines.month_end <= run_window.last_month
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

),

rules as (

    select
        source_rules.rule_id,
        source_rules.source_system,
        source_rules.source_table,
        source_rules.action
    from {{ ref('source_rules') }} as source_rules
    union all
    -- A reason that nobody listed is shown all the same.
    select
        by_reason.rule_id,
        by_reason.source_system,
        by_reason.source_table,
        'excluded' as action
    from by_reason
    left join {{ ref('source_rules') }} as source_rules
        on
            by_reason.rule_id = source_rules.rule_id
            and by_reason.source_system = source_rules.source_system
            and by_reason.source_table = source_rules.source_table
    where by_reason.rule_id is not null and source_rules.rule_id is null

),

found as (

    select
        rules.rule_id,
        rules.source_system,
        rules.source_table,
        rules.action,
        coalesce(by_flag.row_count, by_reason.row_count, 0) as row_count,
        coalesce(by_flag.checked_count, checked.checked_count, 0) as checked_count,
        coalesce(by_flag.first_month, by_reason.first_month) as first_month,
        coalesce(by_flag.last_month, by_reason.last_month) as last_month
    from rules
    left join by_reason
        on
            rules.rule_id = by_reason.rule_id
            and rules.source_system = by_reason.source_system
            and rules.source_table = by_reason.source_table
    left join checked
        on
            rules.source_system = checked.source_system
            and rules.source_table = checked.source_table
    left join by_flag
        on
            rules.rule_id = by_flag.rule_id
            and rules.source_system = by_flag.source_system
            and rules.source_table = by_flag.source_table
    union all
    select
        refused.rule_id,
        refused.source_system,
        refused.source_table,
        'quarantined' as action,
        refused.row_count,
        tables_read.rows_read as checked_count,
        -- The time that a refused row speaks of is not to be trusted.
        cast(null as date) as first_month,
        cast(null as date) as last_month
    from refused
    inner join tables_read
        on
            refused.source_system = tables_read.source_system
            and refused.source_table = tables_read.source_table
    union all
    select
        'file_refused' as rule_id,
        tables_read.source_system,
        tables_read.source_table,
        'quarantined' as action,
        tables_read.refused_file_count as row_count,
        tables_read.file_count as checked_count,
        cast(null as date) as first_month,
        cast(null as date) as last_month
    from tables_read
    where tables_read.refused_file_count > 0

)

select
    found.rule_id,
    found.source_system,
    found.source_table,
    found.action,
    case when found.checked_count > 0 then cast(found.row_count as bigint) end as row_count,
    case when found.checked_count > 0 then cast(found.checked_count as bigint) end
        as checked_count,
    cast({{ ratio('found.row_count', 'found.checked_count') }} as decimal(9, 6)) as share,
    found.first_month,
    found.last_month
from found
