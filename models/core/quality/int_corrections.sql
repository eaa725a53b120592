{#- Grain: one row per rule, source table, column, row key and value before: what the models read
    otherwise than the source wrote it, as known at the end of the run's last month.

    A row of its own where a single value was decided against (a ticket's status). Where a rule
    reads every such value alike (a currency, a code, an answer on a scale that was turned), rows
    would be as many as the facts and say nothing more: they are one row per pair of values before
    and after, with their count and one example; its key is then `*`, or what the values share. -#}
{%- set product = ('product_id', 'product_id') -%}
{%- set currency = ('currency', 'currency_code') -%}
{%- set codes = [
    (currency, 'billing__exchange_rates', 'currency_code', 'valid_from'),
    (product, 'billing__products', 'product_id', 'valid_from'),
    (product, 'billing__unit_costs', 'product_id', 'valid_from'),
    (currency, 'billing__unit_costs', 'product_id', 'valid_from'),
    (product, 'billing__invoice_lines', 'line_id', 'invoiced_at'),
    (product, 'billing__credit_notes', 'credit_line_id', 'credited_at'),
    (currency, 'billing__credit_notes', 'credit_line_id', 'credited_at'),
    (currency, 'billing__invoices', 'invoice_id', 'invoiced_at'),
    (currency, 'billing__payments', 'payment_id', 'paid_at'),
    (product, 'billing__returns', 'return_id', 'returned_at'),
    (product, 'billing__shipments', 'shipment_id', 'shipped_at'),
    (product, 'billing__subscriptions', 'subscription_id', 'valid_from'),
    (product, 'billing__subscription_changes', 'change_id', 'effective_at'),
    (currency, 'billing__subscription_changes', 'change_id', 'effective_at'),
    (currency, 'crm__opportunities', 'opportunity_id', 'valid_from'),
    (product, 'crm__product_launches', 'launch_id', 'launched_at'),
    (currency, 'marketing__campaign_costs', 'entry_id', 'booked_on'),
    (currency, 'marketing__channel_spend', 'channel', 'spend_month'),
    (currency, 'organisation__cost_entries', 'entry_id', 'cost_month'),
    (('agency', 'agency'), 'organisation__credit_checks', 'check_id', 'valid_from'),
    (('grade', 'agency_grade'), 'organisation__credit_checks', 'check_id', 'valid_from'),
] -%}
{#- Personal: how many, and never what they were. -#}
{%- set emails = [
    'billing__accounts',
    'crm__contacts',
    'crm__customers',
    'crm__leads',
    'support__requesters',
    'survey__respondents',
    'usage__accounts',
] -%}
{%- set line_table = "case lines.line_kind when 'invoice_line' then 'invoice_lines' "
    ~ "else 'credit_notes' end" -%}
{%- set text = dbt.type_string() -%}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

tidied as (

    {% for (column, staged), source, key, time in codes -%}
    select
        '{{ source.split('__')[0] }}' as source_system,
        '{{ source.split('__')[1] }}' as source_table,
        '{{ column }}' as column_name,
        sent.{{ column }}_as_sent as value_before,
        sent.{{ staged }} as value_after,
        count(*) as row_count,
        min(sent.{{ key }}) as example_key,
        min({{ month_end('sent.' ~ time) }}) as first_month,
        max({{ month_end('sent.' ~ time) }}) as last_month
    from {{ ref('stg_' ~ source) }} as sent
    inner join run_window on cast(sent.{{ time }} as date) <= run_window.last_month
    where sent.{{ column }}_as_sent <> sent.{{ staged }}
    group by sent.{{ column }}_as_sent, sent.{{ staged }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

),

addresses as (

    {% for source in emails -%}
    select
        '{{ source.split('__')[0] }}' as source_system,
        '{{ source.split('__')[1] }}' as source_table,
        count(*) as row_count,
        min({{ month_end('sent.valid_from') }}) as first_month,
        max({{ month_end('sent.valid_from') }}) as last_month
    from {{ ref('stg_' ~ source) }} as sent
    inner join run_window on cast(sent.valid_from as date) <= run_window.last_month
    where sent.is_email_tidied
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

),

unnamed as (

    select
        count(*) as row_count,
        min(projects.project_id) as example_key,
        min({{ month_end('projects.valid_from') }}) as first_month,
        max({{ month_end('projects.valid_from') }}) as last_month
    from {{ ref('stg_organisation__anchor_projects') }} as projects
    inner join run_window on cast(projects.valid_from as date) <= run_window.last_month
    where projects.metric_as_sent is null

),

converted as (

    select
        {{ line_table }} as source_table,
        lines.currency_code as value_before,
        count(*) as row_count,
        min(lines.line_id) as example_key,
        min(lines.month_end) as first_month,
        max(lines.month_end) as last_month
    from {{ ref('int_billing_lines') }} as lines
    inner join run_window on lines.month_end <= run_window.last_month
    where lines.currency_code <> {{ reporting_currency() }} and lines.amount is not null
    group by {{ line_table }}, lines.currency_code
    union all
    select
        'payments' as source_table,
        payments.currency_code as value_before,
        count(*) as row_count,
        min(payments.payment_id) as example_key,
        min(payments.month_end) as first_month,
        max(payments.month_end) as last_month
    from {{ ref('int_payments') }} as payments
    inner join run_window on payments.month_end <= run_window.last_month
    where payments.currency_code <> {{ reporting_currency() }} and payments.amount is not null
    group by payments.currency_code

),

repeated as (

    select
        'billing' as source_system,
        {{ line_table }} as source_table,
        lines.exclusion_reason as rule_id,
        count(*) as row_count,
        min(lines.line_id) as example_key,
        min(lines.month_end) as first_month,
        max(lines.month_end) as last_month
    from {{ ref('int_billing_lines') }} as lines
    inner join run_window on lines.month_end <= run_window.last_month
    where lines.exclusion_reason in ('exact_duplicate', 'copy_of_earlier_extract')
    group by {{ line_table }}, lines.exclusion_reason
    union all
    select
        'survey' as source_system,
        'responses' as source_table,
        answers.exclusion_reason as rule_id,
        count(*) as row_count,
        min(answers.response_id) as example_key,
        min(answers.month_end) as first_month,
        max(answers.month_end) as last_month
    from {{ ref('int_survey_answers') }} as answers
    where answers.exclusion_reason = 'duplicate_in_wave'
    group by answers.exclusion_reason

),

refunds as (

    select
        count(*) as row_count,
        min(payments.payment_id) as example_key,
        min(payments.month_end) as first_month,
        max(payments.month_end) as last_month
    from {{ ref('int_payments') }} as payments
    inner join run_window on payments.month_end <= run_window.last_month
    where payments.status = 'refunded' and payments.document_amount > 0

),

turned as (

    select
        answers.question_id,
        cast(answers.answer as {{ text }}) as value_before,
        cast(answers.score_0_100 as {{ text }}) as value_after,
        count(*) as row_count,
        min(answers.response_id) as example_key,
        min(answers.month_end) as first_month,
        max(answers.month_end) as last_month
    from {{ ref('int_survey_answers') }} as answers
    where answers.is_scale_reversed and answers.score_0_100 is not null
    group by
        answers.question_id,
        cast(answers.answer as {{ text }}),
        cast(answers.score_0_100 as {{ text }})

),

tickets as (

    select
        tickets.ticket_id,
        tickets.status,
        tickets.solved_at,
        tickets.month_end,
        tickets.is_status_in_conflict,
        tickets.is_solved_before_opened
    from {{ ref('int_tickets') }} as tickets
    where tickets.is_status_in_conflict or tickets.is_solved_before_opened

),

levels as (

    select
        answers.assessment_id || '/' || answers.practice_id || '/' || answers.dimension
        || '/' || cast(answers.assessor_number as {{ text }}) as row_key,
        cast(answers.stated_level as {{ text }}) as value_before,
        cast(answers.counted_level as {{ text }}) as value_after,
        answers.month_end
    from {{ ref('int_cmat_answers') }} as answers
    where answers.is_level_without_evidence and answers.exclusion_reason is null

),

merged as (

    select
        md5(links.source_id) as row_key,
        {{ month_end('identity_records.first_recorded_at') }} as month_end
    from {{ ref('int_identity_links') }} as links
    inner join {{ ref('int_identity_records') }} as identity_records
        on
            links.source_system = identity_records.source_system
            and links.source_id = identity_records.source_id
    where
        links.source_system = 'crm'
        and links.link_method <> 'own_id'
        and links.customer_id is not null

),

corrections as (

    select
        'code_tidied' as rule_id,
        tidied.source_system,
        tidied.source_table,
        tidied.column_name,
        '*' as row_key,
        tidied.value_before,
        tidied.value_after,
        tidied.row_count,
        tidied.example_key,
        tidied.first_month,
        tidied.last_month
    from tidied
    union all
    select
        'email_tidied' as rule_id,
        addresses.source_system,
        addresses.source_table,
        'email' as column_name,
        '*' as row_key,
        'with capitals or blanks' as value_before,
        'in small letters' as value_after,
        addresses.row_count,
        '*' as example_key,
        addresses.first_month,
        addresses.last_month
    from addresses
    where addresses.row_count > 0
    union all
    select
        'metric_not_named' as rule_id,
        'organisation' as source_system,
        'anchor_projects' as source_table,
        'metric' as column_name,
        '*' as row_key,
        'not named' as value_before,
        'all' as value_after,
        unnamed.row_count,
        unnamed.example_key,
        unnamed.first_month,
        unnamed.last_month
    from unnamed
    where unnamed.row_count > 0
    union all
    select
        'currency_converted' as rule_id,
        'billing' as source_system,
        converted.source_table,
        'amount' as column_name,
        '*' as row_key,
        converted.value_before,
        {{ reporting_currency() }} as value_after,
        converted.row_count,
        converted.example_key,
        converted.first_month,
        converted.last_month
    from converted
    union all
    select
        repeated.rule_id,
        repeated.source_system,
        repeated.source_table,
        '*' as column_name,
        '*' as row_key,
        'sent again' as value_before,
        'left out' as value_after,
        repeated.row_count,
        repeated.example_key,
        repeated.first_month,
        repeated.last_month
    from repeated
    union all
    select
        'refund_sign_turned' as rule_id,
        'billing' as source_system,
        'payments' as source_table,
        'amount' as column_name,
        '*' as row_key,
        'above zero' as value_before,
        'below zero' as value_after,
        refunds.row_count,
        refunds.example_key,
        refunds.first_month,
        refunds.last_month
    from refunds
    where refunds.row_count > 0
    union all
    select
        'scale_reversed' as rule_id,
        'survey' as source_system,
        'responses' as source_table,
        'answer' as column_name,
        turned.question_id as row_key,
        turned.value_before,
        turned.value_after,
        turned.row_count,
        turned.example_key,
        turned.first_month,
        turned.last_month
    from turned
    union all
    select
        'status_in_conflict' as rule_id,
        'support' as source_system,
        'tickets' as source_table,
        'status' as column_name,
        tickets.ticket_id as row_key,
        tickets.status as value_before,
        case when tickets.solved_at is null then 'open' else 'solved' end as value_after,
        1 as row_count,
        tickets.ticket_id as example_key,
        tickets.month_end as first_month,
        tickets.month_end as last_month
    from tickets
    where tickets.is_status_in_conflict
    union all
    select
        'solved_before_opened' as rule_id,
        'support' as source_system,
        'tickets' as source_table,
        'solved_at' as column_name,
        tickets.ticket_id as row_key,
        cast(tickets.solved_at as {{ text }}) as value_before,
        null as value_after,
        1 as row_count,
        tickets.ticket_id as example_key,
        tickets.month_end as first_month,
        tickets.month_end as last_month
    from tickets
    where tickets.is_solved_before_opened
    union all
    select
        'level_without_evidence' as rule_id,
        'organisation' as source_system,
        'cmat_answers' as source_table,
        'level' as column_name,
        levels.row_key,
        levels.value_before,
        levels.value_after,
        1 as row_count,
        levels.row_key as example_key,
        levels.month_end as first_month,
        levels.month_end as last_month
    from levels
    union all
    select
        'customer_merged' as rule_id,
        'crm' as source_system,
        'customers' as source_table,
        'customer_id' as column_name,
        merged.row_key,
        'a customer of its own' as value_before,
        'a record of another' as value_after,
        1 as row_count,
        merged.row_key as example_key,
        merged.month_end as first_month,
        merged.month_end as last_month
    from merged

)

select
    corrections.rule_id,
    corrections.source_system,
    corrections.source_table,
    corrections.column_name,
    corrections.row_key,
    corrections.value_before,
    corrections.value_after,
    cast(corrections.row_count as bigint) as row_count,
    corrections.example_key,
    corrections.first_month,
    corrections.last_month
from corrections
