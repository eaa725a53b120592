{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per invoice line or credit line. Every line stays; `exclusion_reason` names the
    first rule that keeps it out of revenue, null means counted. Money is in the reporting currency
    at the rate of the line's day; what has no rate has no amount.

    The lines are read three times and never held: what is repeated is found by a number made of
    the columns that must be equal, so that twenty-five million lines need no more memory than
    their numbers. -#}
{%- set lines -%}
    select
        invoice_lines.line_id,
        'invoice_line' as line_kind,
        invoice_lines.invoice_id as document_id,
        invoice_lines.invoice_id,
        invoice_lines.invoice_id as owning_invoice_id,
        cast(null as varchar) as credited_customer_id,
        invoice_lines.product_id,
        invoice_lines.line_text,
        coalesce(invoice_lines.source_extract, '') as source_extract,
        invoice_lines.quantity,
        invoice_lines.unit_price,
        invoice_lines.list_price,
        invoice_lines.amount as document_amount,
        cast(null as varchar) as credit_currency_code,
        invoice_lines.invoiced_at as occurred_at,
        -- What makes two lines of different extracts the same line. Customer and currency are the
        -- invoice's.
        coalesce(invoice_lines.invoice_id, '') as document_key,
        coalesce(invoice_lines.product_id, '') as product_key,
        '' as customer_key,
        '' as currency_key
    from {{ ref('stg_billing__invoice_lines') }} as invoice_lines
    union all
    select
        credit_notes.credit_line_id as line_id,
        'credit_line' as line_kind,
        credit_notes.credit_note_id as document_id,
        credit_notes.invoice_id,
        cast(null as varchar) as owning_invoice_id,
        credit_notes.source_customer_id as credited_customer_id,
        credit_notes.product_id,
        credit_notes.line_text,
        coalesce(credit_notes.source_extract, '') as source_extract,
        credit_notes.quantity,
        credit_notes.unit_price,
        cast(null as decimal(18, 4)) as list_price,
        credit_notes.amount as document_amount,
        coalesce(credit_notes.currency_code, {{ reporting_currency() }}) as credit_currency_code,
        credit_notes.credited_at as occurred_at,
        -- One extract leaves the number and the product of a credit out, so they cannot tell.
        '' as document_key,
        '' as product_key,
        coalesce(credit_notes.source_customer_id, '') as customer_key,
        coalesce(credit_notes.currency_code, {{ reporting_currency() }}) as currency_key
    from {{ ref('stg_billing__credit_notes') }} as credit_notes
{%- endset -%}
{#- A scheduled month holds its own lines; the whole history is read again rather than held. -#}
{%- set lines_in_months = 'select * from month_lines' if is_incremental() else lines -%}
{%- set same_line = [
    'line_kind', 'document_key', 'product_key', 'customer_key', 'currency_key', 'occurred_at',
    'quantity', 'unit_price',
] -%}
with run_months as (

    {{ run_months() }}

),

links as (

    select
        identity_links.source_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'billing'

),

invoices as (

    select
        invoices.invoice_id,
        invoices.source_customer_id,
        invoices.currency_code
    from {{ ref('stg_billing__invoices') }} as invoices

),

non_products as (

    select * from {{ ref('non_product_codes') }}

),

{% if is_incremental() -%}
month_lines as (

    select lines.*
    from ({{ lines }}) as lines
    inner join run_months on {{ in_run_months('lines.occurred_at') }}

),

{% endif -%}
-- Few lines have an equal one: only these are ranked, since to rank all of them sorts a million
-- wide rows three times. Two lines may share their number and not be equal; the ranks below tell.
repeated as (

    select {{ columns_number('lines', same_line) }} as line_number
    from ({{ lines_in_months }}) as lines
    group by {{ columns_number('lines', same_line) }}
    having count(*) > 1

),

candidates as (

    select lines.*
    from ({{ lines_in_months }}) as lines
    inner join repeated
        on {{ columns_number('lines', same_line) }} = repeated.line_number

),

-- The n-th of equal lines in one extract is the n-th of them in any other.
numbered as (

    select
        candidates.*,
        row_number() over (
            partition by
                {% for column in same_line -%}
                candidates.{{ column }},
                {% endfor -%}
                candidates.source_extract
            order by candidates.line_id
        ) as number_in_extract,
        row_number() over (
            partition by
                {% for column in same_line -%}
                candidates.{{ column }},
                {% endfor -%}
                candidates.source_extract, candidates.document_id, candidates.product_id,
                candidates.line_text
            order by candidates.line_id
        ) as duplicate_number
    from candidates

),

compared as (

    select
        numbered.line_id,
        numbered.line_kind,
        numbered.duplicate_number,
        row_number() over (
            partition by
                {% for column in same_line -%}
                numbered.{{ column }},
                {% endfor -%}
                numbered.number_in_extract
            order by numbered.source_extract, numbered.line_id
        ) as copy_number
    from numbered

),

marked as (

    select
        compared.line_id,
        compared.line_kind,
        case
            when compared.copy_number > 1 then 'copy_of_earlier_extract'
            else 'exact_duplicate'
        end as exclusion_reason
    from compared
    where compared.copy_number > 1 or compared.duplicate_number > 1

),

-- A line has the currency of its invoice; without the invoice nobody knows it.
owned as (

    select
        lines.*,
        coalesce(lines.credited_customer_id, invoices.source_customer_id) as source_customer_id,
        coalesce(lines.credit_currency_code, invoices.currency_code) as currency_code,
        lines.line_kind = 'invoice_line' and invoices.invoice_id is null as is_orphan
    from ({{ lines_in_months }}) as lines
    left join invoices on lines.owning_invoice_id = invoices.invoice_id

),

priced as (

    select
        owned.*,
        {{ in_reporting_currency(
            'owned.document_amount', 'owned.currency_code', 'rate_days.rate'
        ) }} as amount,
        links.customer_id,
        {{ month_end('owned.occurred_at') }} as month_end,
        cast(owned.occurred_at as date) as line_day
    from owned
    left join links on owned.source_customer_id = links.source_id
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            owned.currency_code = rate_days.currency_code
            and cast(owned.occurred_at as date) = rate_days.rate_day

)

select
    priced.line_id,
    priced.line_kind,
    priced.document_id,
    priced.invoice_id,
    priced.customer_id,
    priced.product_id,
    priced.source_extract,
    priced.quantity,
    priced.unit_price,
    priced.list_price,
    priced.currency_code,
    priced.document_amount,
    priced.amount,
    -- At the unit cost of the line's day; a return takes the cost of its own day back.
    cast(
        round(cast(priced.quantity as decimal(18, 0)) * unit_costs.unit_cost, 4) as decimal(18, 4)
    ) as cost,
    priced.occurred_at,
    priced.month_end,
    case
        when marked.exclusion_reason is not null then marked.exclusion_reason
        when priced.is_orphan then 'line_without_invoice'
        when priced.amount is null then 'currency_without_rate'
        when priced.customer_id is null then 'no_customer'
        when by_code.exclusion_reason is not null then by_code.exclusion_reason
        when by_text.exclusion_reason is not null then by_text.exclusion_reason
        when priced.unit_price = 0 then 'zero_price'
    end as exclusion_reason
from priced
left join marked
    on priced.line_id = marked.line_id and priced.line_kind = marked.line_kind
left join non_products as by_code on priced.product_id = by_code.product_code
left join non_products as by_text
    on case when priced.product_id is null then upper(priced.line_text) end = by_text.line_text
left join {{ ref('int_unit_cost_months') }} as unit_costs
    on
        priced.product_id = unit_costs.product_id
        and priced.month_end = unit_costs.month_end
        and {{ holds_on('priced.line_day', 'unit_costs.valid_from', 'unit_costs.valid_to') }}
inner join run_months on priced.month_end <= run_months.last_month
