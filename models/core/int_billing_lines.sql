{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per invoice line or credit line. Every line stays; `exclusion_reason` names the
    first rule that keeps it out of revenue, null means counted. Money is in the reporting currency
    at the rate of the line's day; what has no rate has no amount. -#}
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

lines as (

    select
        invoice_lines.line_id,
        'invoice_line' as line_kind,
        invoice_lines.invoice_id as document_id,
        invoice_lines.invoice_id,
        invoices.source_customer_id,
        invoice_lines.product_id,
        invoice_lines.line_text,
        coalesce(invoice_lines.source_extract, '') as source_extract,
        invoice_lines.quantity,
        invoice_lines.unit_price,
        invoice_lines.amount as document_amount,
        -- A line has the currency of its invoice; without the invoice nobody knows it.
        invoices.currency_code,
        invoice_lines.invoiced_at as occurred_at,
        -- What makes two lines of different extracts the same line.
        invoice_lines.invoice_id as extract_document_id,
        invoice_lines.product_id as extract_product_id,
        invoices.invoice_id is null as is_orphan
    from {{ ref('stg_billing__invoice_lines') }} as invoice_lines
    left join invoices on invoice_lines.invoice_id = invoices.invoice_id
    union all
    select
        credit_notes.credit_line_id as line_id,
        'credit_line' as line_kind,
        credit_notes.credit_note_id as document_id,
        credit_notes.invoice_id,
        credit_notes.source_customer_id,
        credit_notes.product_id,
        credit_notes.line_text,
        coalesce(credit_notes.source_extract, '') as source_extract,
        credit_notes.quantity,
        credit_notes.unit_price,
        credit_notes.amount as document_amount,
        coalesce(credit_notes.currency_code, {{ reporting_currency() }}) as currency_code,
        credit_notes.credited_at as occurred_at,
        -- One extract leaves the number and the product of a credit out, so they cannot tell.
        cast(null as varchar) as extract_document_id,
        cast(null as varchar) as extract_product_id,
        false as is_orphan
    from {{ ref('stg_billing__credit_notes') }} as credit_notes

),

in_months as (

    select
        lines.*,
        {{ in_reporting_currency(
            'lines.document_amount', 'lines.currency_code', 'rate_days.rate'
        ) }} as amount,
        coalesce(lines.extract_document_id, '') as document_key,
        coalesce(lines.extract_product_id, '') as product_key,
        coalesce(lines.source_customer_id, '') as customer_key,
        coalesce(lines.currency_code, '') as currency_key,
        {{ month_end('lines.occurred_at') }} as month_end
    from lines
    inner join run_months
        on
            {{ month_end('lines.occurred_at') }} >= run_months.first_month
            and {{ month_end('lines.occurred_at') }} <= run_months.last_month
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            lines.currency_code = rate_days.currency_code
            and cast(lines.occurred_at as date) = rate_days.rate_day

),

-- Few lines have an equal one: only these are ranked, since to rank all of them sorts a million
-- wide rows three times.
repeated as (

    select
        in_months.line_kind,
        in_months.document_key,
        in_months.product_key,
        in_months.customer_key,
        in_months.currency_key,
        in_months.occurred_at,
        in_months.quantity,
        in_months.unit_price
    from in_months
    group by
        in_months.line_kind, in_months.document_key, in_months.product_key,
        in_months.customer_key, in_months.currency_key, in_months.occurred_at,
        in_months.quantity, in_months.unit_price
    having count(*) > 1

),

-- The n-th of equal lines in one extract is the n-th of them in any other.
numbered as (

    select
        in_months.*,
        row_number() over (
            partition by
                in_months.line_kind, in_months.document_key, in_months.product_key,
                in_months.customer_key, in_months.currency_key, in_months.occurred_at,
                in_months.quantity, in_months.unit_price, in_months.source_extract
            order by in_months.line_id
        ) as number_in_extract,
        row_number() over (
            partition by
                in_months.line_kind, in_months.document_id, in_months.product_id,
                in_months.line_text, in_months.customer_key, in_months.currency_key,
                in_months.occurred_at, in_months.quantity, in_months.unit_price,
                in_months.source_extract
            order by in_months.line_id
        ) as duplicate_number
    from in_months
    inner join repeated
        on
            in_months.line_kind = repeated.line_kind
            and in_months.document_key = repeated.document_key
            and in_months.product_key = repeated.product_key
            and in_months.customer_key = repeated.customer_key
            and in_months.currency_key = repeated.currency_key
            and in_months.occurred_at = repeated.occurred_at
            and in_months.quantity = repeated.quantity
            and in_months.unit_price = repeated.unit_price

),

compared as (

    select
        numbered.line_id,
        numbered.duplicate_number,
        row_number() over (
            partition by
                numbered.line_kind, numbered.document_key, numbered.product_key,
                numbered.customer_key, numbered.currency_key, numbered.occurred_at,
                numbered.quantity, numbered.unit_price, numbered.number_in_extract
            order by numbered.source_extract, numbered.line_id
        ) as copy_number
    from numbered

)

select
    in_months.line_id,
    in_months.line_kind,
    in_months.document_id,
    in_months.invoice_id,
    links.customer_id,
    in_months.product_id,
    in_months.source_extract,
    in_months.quantity,
    in_months.unit_price,
    in_months.currency_code,
    in_months.document_amount,
    in_months.amount,
    in_months.occurred_at,
    in_months.month_end,
    case
        when compared.copy_number > 1 then 'copy_of_earlier_extract'
        when compared.duplicate_number > 1 then 'exact_duplicate'
        when in_months.is_orphan then 'line_without_invoice'
        when in_months.amount is null then 'currency_without_rate'
        when links.customer_id is null then 'no_customer'
        when by_code.exclusion_reason is not null then by_code.exclusion_reason
        when by_text.exclusion_reason is not null then by_text.exclusion_reason
        when in_months.unit_price = 0 then 'zero_price'
    end as exclusion_reason
from in_months
left join compared on in_months.line_id = compared.line_id
left join links on in_months.source_customer_id = links.source_id
left join non_products as by_code on in_months.product_id = by_code.product_code
left join non_products as by_text
    on in_months.product_id is null and upper(in_months.line_text) = by_text.line_text
