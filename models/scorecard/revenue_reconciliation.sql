{#- The walk from all lines that ingestion accepted to the revenue of the scorecard, in the
    reporting currency. The first step converts for itself, so that a line that core loses or
    changes on the way is left as unexplained. A line without a rate has no amount; it is counted
    by its step. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

document_lines as (

    select
        invoice_lines.invoiced_at as occurred_at,
        invoice_lines.amount as document_amount,
        invoices.currency_code
    from {{ ref('stg_billing__invoice_lines') }} as invoice_lines
    left join {{ ref('stg_billing__invoices') }} as invoices
        on invoice_lines.invoice_id = invoices.invoice_id
    union all
    select
        credit_notes.credited_at as occurred_at,
        credit_notes.amount as document_amount,
        coalesce(credit_notes.currency_code, {{ reporting_currency() }}) as currency_code
    from {{ ref('stg_billing__credit_notes') }} as credit_notes

),

raw_lines as (

    select
        document_lines.occurred_at,
        {{ in_reporting_currency(
            'document_lines.document_amount', 'document_lines.currency_code', 'rate_days.rate'
        ) }} as amount
    from document_lines
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            document_lines.currency_code = rate_days.currency_code
            and cast(document_lines.occurred_at as date) = rate_days.rate_day

),

raw_totals as (

    select
        count(*) as line_count,
        coalesce(sum(raw_lines.amount), 0) as amount,
        coalesce(sum(
            case
                when {{ month_end('raw_lines.occurred_at') }} > run_window.last_month then 1
                else 0
            end
        ), 0) as later_line_count,
        coalesce(sum(
            case
                when {{ month_end('raw_lines.occurred_at') }} > run_window.last_month
                    then coalesce(raw_lines.amount, 0)
                else 0
            end
        ), 0) as later_amount
    from raw_lines
    cross join run_window

),

excluded as (

    select
        billing_lines.exclusion_reason,
        count(*) as line_count,
        coalesce(sum(billing_lines.amount), 0) as amount
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_window on billing_lines.month_end <= run_window.last_month
    where billing_lines.exclusion_reason is not null
    group by billing_lines.exclusion_reason
    union all
    select
        'after_last_month' as exclusion_reason,
        raw_totals.later_line_count as line_count,
        raw_totals.later_amount as amount
    from raw_totals

),

-- What the scorecard counts, taken from its own end: the customers' months.
published as (

    select
        coalesce(sum(customer_months.line_count), 0) as line_count,
        coalesce(sum(customer_months.revenue), 0) as amount
    from {{ ref('int_customer_months') }} as customer_months
    inner join run_window on customer_months.as_of_date <= run_window.last_month

),

steps as (

    select
        1 as step_number,
        'raw_lines' as step,
        'All invoice and credit lines that ingestion accepted, in the reporting currency'
            as explanation,
        raw_totals.line_count,
        raw_totals.amount
    from raw_totals
    union all
    select
        reasons.step_number,
        reasons.exclusion_reason as step,
        reasons.explanation,
        -coalesce(excluded.line_count, 0) as line_count,
        -coalesce(excluded.amount, 0) as amount
    from {{ ref('exclusion_reasons') }} as reasons
    left join excluded on reasons.exclusion_reason = excluded.exclusion_reason
    where reasons.step_number is not null

),

totals as (

    select
        sum(steps.line_count) as line_count,
        sum(steps.amount) as amount
    from steps

),

walk as (

    select
        steps.step_number,
        steps.step,
        steps.explanation,
        steps.line_count,
        steps.amount
    from steps
    union all
    select
        90 as step_number,
        'unexplained' as step,
        'What the steps above do not explain; must be nothing' as explanation,
        published.line_count - totals.line_count as line_count,
        published.amount - totals.amount as amount
    from published
    cross join totals

)

select
    walk.step_number,
    walk.step,
    walk.explanation,
    cast(walk.line_count as bigint) as line_count,
    cast(walk.amount as decimal(18, 4)) as amount,
    cast(sum(walk.line_count) over (
        order by walk.step_number rows between unbounded preceding and current row
    ) as bigint) as running_line_count,
    cast(sum(walk.amount) over (
        order by walk.step_number rows between unbounded preceding and current row
    ) as decimal(18, 4)) as running_amount
from walk
