{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per invoice line or credit line. Every line stays; `exclusion_reason` names the
    first rule that keeps it out of revenue, null means counted. -#}
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
        invoices.source_customer_id
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
        invoices.source_customer_id,
        invoice_lines.product_id,
        invoice_lines.line_text,
        coalesce(invoice_lines.source_extract, '') as source_extract,
        invoice_lines.quantity,
        invoice_lines.unit_price,
        invoice_lines.amount,
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
        credit_notes.source_customer_id,
        credit_notes.product_id,
        credit_notes.line_text,
        coalesce(credit_notes.source_extract, '') as source_extract,
        credit_notes.quantity,
        credit_notes.unit_price,
        credit_notes.amount,
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
        {{ month_end('lines.occurred_at') }} as month_end
    from lines
    inner join run_months
        on
            {{ month_end('lines.occurred_at') }} >= run_months.first_month
            and {{ month_end('lines.occurred_at') }} <= run_months.last_month

),

-- The n-th of equal lines in one extract is the n-th of them in any other.
numbered as (

    select
        in_months.*,
        row_number() over (
            partition by
                in_months.line_kind, in_months.extract_document_id, in_months.extract_product_id,
                in_months.source_customer_id, in_months.occurred_at, in_months.quantity,
                in_months.unit_price, in_months.source_extract
            order by in_months.line_id
        ) as number_in_extract,
        row_number() over (
            partition by
                in_months.line_kind, in_months.document_id, in_months.product_id,
                in_months.line_text, in_months.source_customer_id, in_months.occurred_at,
                in_months.quantity, in_months.unit_price, in_months.source_extract
            order by in_months.line_id
        ) as duplicate_number
    from in_months

),

compared as (

    select
        numbered.*,
        row_number() over (
            partition by
                numbered.line_kind, numbered.extract_document_id, numbered.extract_product_id,
                numbered.source_customer_id, numbered.occurred_at, numbered.quantity,
                numbered.unit_price, numbered.number_in_extract
            order by numbered.source_extract, numbered.line_id
        ) as copy_number
    from numbered

)

select
    compared.line_id,
    compared.line_kind,
    compared.document_id,
    links.customer_id,
    compared.product_id,
    compared.source_extract,
    compared.quantity,
    compared.unit_price,
    compared.amount,
    compared.occurred_at,
    compared.month_end,
    case
        when compared.copy_number > 1 then 'copy_of_earlier_extract'
        when compared.duplicate_number > 1 then 'exact_duplicate'
        when compared.is_orphan then 'line_without_invoice'
        when links.customer_id is null then 'no_customer'
        when by_code.exclusion_reason is not null then by_code.exclusion_reason
        when by_text.exclusion_reason is not null then by_text.exclusion_reason
        when compared.unit_price = 0 then 'zero_price'
    end as exclusion_reason
from compared
left join links on compared.source_customer_id = links.source_id
left join non_products as by_code on compared.product_id = by_code.product_code
left join non_products as by_text
    on compared.product_id is null and upper(compared.line_text) = by_text.line_text
