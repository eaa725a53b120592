{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per event of a customer. The narrative thread: typed events over all sources,
    with amounts but without text. -#}
with run_months as (

    {{ run_months() }}

),

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

events as (

    select
        documents.customer_id,
        case when documents.line_kind = 'invoice_line' then 'invoice' else 'credit' end
            as event_type,
        'billing' as source_system,
        documents.document_id as source_id,
        documents.occurred_at,
        documents.month_end,
        documents.amount,
        documents.line_count
    from documents
    union all
    select
        customers.customer_id,
        'first_seen' as event_type,
        case when customers.is_in_crm then 'crm' else 'billing' end as source_system,
        coalesce(customers.crm_customer_id, customers.customer_id) as source_id,
        cast(customers.first_seen_date as timestamp) as occurred_at,
        customers.first_seen_month as month_end,
        cast(null as decimal(18, 4)) as amount,
        cast(null as bigint) as line_count
    from {{ ref('int_customers') }} as customers
    inner join run_months
        on
            customers.first_seen_month >= run_months.first_month
            and customers.first_seen_month <= run_months.last_month

)

select
    md5(concat(
        events.customer_id, '|', events.event_type, '|', events.source_id, '|',
        cast(events.month_end as varchar)
    )) as event_id,
    events.customer_id,
    events.event_type,
    events.source_system,
    events.source_id,
    events.occurred_at,
    events.month_end,
    cast(events.amount as decimal(18, 4)) as amount,
    cast(events.line_count as integer) as line_count
from events
