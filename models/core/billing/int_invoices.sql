{#- Grain: one row per invoice, as known at the end of the run's last month. What is owed and what
    settles it (payments, credits that name the invoice) is compared in the invoice's own currency,
    where no rate can leave a rest, and turned into the reporting currency once, at the rate of the
    invoice's day. Only where another currency settles it, both sides are compared in the reporting
    currency, each at the rate of its own day.

    Nothing is joined before it is added up, and only invoices that were settled in several steps
    have their steps put in order: ten million invoices are summed and not sorted. -#}
{#- To the cent: less than half of one is a rest of rounding. -#}
{%- set cent = 'cast(0.005 as decimal(18, 4))' -%}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select
        identity_links.source_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'billing'

),

-- From its first payment on billing says what was paid, up to the month of its last one: before,
-- and while a file is late, an invoice that nobody is known to have paid is not an open one.
measured as (

    select
        min(cast(payments.paid_at as date)) as first_payment_day,
        max(payments.month_end) as last_payment_month
    from {{ ref('int_payments') }} as payments
    inner join run_window on payments.month_end <= run_window.last_month

),

line_totals as (

    select
        billing_lines.invoice_id,
        cast(sum(billing_lines.document_amount) as decimal(18, 4)) as document_amount,
        cast(sum(
            case when billing_lines.exclusion_reason is null then billing_lines.amount else 0 end
        ) as decimal(18, 4)) as revenue_amount,
        count(*) as line_count
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_window on billing_lines.month_end <= run_window.last_month
    where
        billing_lines.line_kind = 'invoice_line'
        and {{ is_owed('billing_lines.exclusion_reason') }}
    group by billing_lines.invoice_id

),

-- Money that went back is no settlement: a refund stands on its own date and does not open the
-- invoice again, nor move the day on which it was paid.
settlements as (

    select
        payments.invoice_id,
        case when payments.received_document_amount < 0 then 'refund' else 'payment' end
            as settlement_kind,
        payments.payment_id as settlement_id,
        payments.paid_at as occurred_at,
        payments.currency_code,
        payments.received_document_amount as document_amount,
        payments.received_amount as amount
    from {{ ref('int_payments') }} as payments
    inner join run_window on payments.month_end <= run_window.last_month
    where
        payments.received_document_amount <> 0
        and payments.invoice_id is not null
    union all
    select
        billing_lines.invoice_id,
        'credit' as settlement_kind,
        billing_lines.line_id as settlement_id,
        billing_lines.occurred_at,
        billing_lines.currency_code,
        -billing_lines.document_amount as document_amount,
        -billing_lines.amount as amount
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_window on billing_lines.month_end <= run_window.last_month
    where
        billing_lines.line_kind = 'credit_line'
        and billing_lines.invoice_id is not null
        and {{ is_owed('billing_lines.exclusion_reason') }}

),

settlement_sums as (

    select
        settlements.invoice_id,
        {%- for kind in ['payment', 'credit', 'refund'] %}
        {%- for column in ['document_amount', 'amount'] %}
        cast(sum(
            case when settlements.settlement_kind = '{{ kind }}' then settlements.{{ column }} end
        ) as decimal(18, 4)) as {{ kind }}_{{ column }},
        {%- endfor %}
        {%- endfor %}
        min(settlements.currency_code) as first_currency_code,
        max(settlements.currency_code) as last_currency_code,
        -- An amount without a rate settles one does not know how much.
        max(case when settlements.amount is null then 1 else 0 end) as has_unknown_amount,
        sum(case when settlements.settlement_kind = 'refund' then 0 else 1 end)
            as settlement_count,
        min(
            case when settlements.settlement_kind = 'payment' then settlements.occurred_at end
        ) as first_paid_at,
        max(
            case when settlements.settlement_kind <> 'refund' then settlements.occurred_at end
        ) as last_settled_at
    from settlements
    group by settlements.invoice_id

),

invoices as (

    select
        invoices.invoice_id,
        invoices.source_customer_id,
        invoices.invoiced_at,
        {{ month_end('invoices.invoiced_at') }} as month_end,
        invoices.due_date,
        invoices.currency_code,
        rate_days.rate,
        line_totals.document_amount,
        line_totals.revenue_amount,
        coalesce(line_totals.line_count, 0) as line_count,
        {{ in_reporting_currency(
            'line_totals.document_amount', 'invoices.currency_code', 'rate_days.rate'
        ) }} as amount,
        run_window.last_month
    from {{ ref('stg_billing__invoices') }} as invoices
    inner join run_window on cast(invoices.invoiced_at as date) <= run_window.last_month
    left join line_totals on invoices.invoice_id = line_totals.invoice_id
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            invoices.currency_code = rate_days.currency_code
            and cast(invoices.invoiced_at as date) = rate_days.rate_day

),

joined as (

    select
        invoices.*,
        coalesce(
            settlement_sums.first_currency_code <> invoices.currency_code
            or settlement_sums.last_currency_code <> invoices.currency_code,
            false
        ) as is_mixed,
        coalesce(settlement_sums.has_unknown_amount, 0) = 1 as has_unknown_amount,
        coalesce(settlement_sums.settlement_count, 0) as settlement_count,
        settlement_sums.first_paid_at,
        settlement_sums.last_settled_at
        {%- for kind in ['payment', 'credit', 'refund'] %},
        coalesce(settlement_sums.{{ kind }}_document_amount, 0) as {{ kind }}_document_amount,
        coalesce(settlement_sums.{{ kind }}_amount, 0) as {{ kind }}_amount
        {%- endfor %}
    from invoices
    left join settlement_sums on invoices.invoice_id = settlement_sums.invoice_id

),

-- The terms in which both sides are compared.
owed as (

    select
        joined.*,
        case when joined.is_mixed then joined.amount else joined.document_amount end
            as owed_terms,
        case
            when joined.is_mixed then joined.payment_amount + joined.credit_amount
            else joined.payment_document_amount + joined.credit_document_amount
        end as settled_terms
    from joined

),

steps as (

    select
        settlements.invoice_id,
        settlements.occurred_at,
        row_number() over by_step as step_number,
        owed.owed_terms - sum(
            case
                when owed.is_mixed then coalesce(settlements.amount, 0)
                else settlements.document_amount
            end
        ) over by_step as rest
    from settlements
    inner join owed
        on settlements.invoice_id = owed.invoice_id and owed.settlement_count > 1
    where settlements.settlement_kind <> 'refund'
    window by_step as (
        partition by settlements.invoice_id
        order by settlements.occurred_at, settlements.settlement_kind, settlements.settlement_id
        rows between unbounded preceding and current row
    )

),

last_open_steps as (

    select
        steps.*,
        coalesce(max(case when steps.rest >= {{ cent }} then steps.step_number end) over (
            partition by steps.invoice_id
        ), 0) as last_open_step
    from steps

),

-- The step from which nothing was owed any more.
step_ends as (

    select
        last_open_steps.invoice_id,
        max(last_open_steps.last_open_step) as last_open_step,
        min(
            case
                when last_open_steps.step_number > last_open_steps.last_open_step
                    then last_open_steps.occurred_at
            end
        ) as settled_at
    from last_open_steps
    group by last_open_steps.invoice_id

),

settled as (

    select
        owed.*,
        coalesce(
            cast(owed.invoiced_at as date) >= measured.first_payment_day
            and owed.last_month <= measured.last_payment_month,
            false
        ) as is_measured,
        case
            when owed.owed_terms is null then null
            when owed.owed_terms - owed.settled_terms >= {{ cent }} then null
            -- Nothing was ever owed.
            when owed.owed_terms < {{ cent }} and coalesce(step_ends.last_open_step, 0) = 0
                then owed.invoiced_at
            when owed.settlement_count > 1 then step_ends.settled_at
            else owed.last_settled_at
        end as settled_at
    from owed
    cross join measured
    left join step_ends on owed.invoice_id = step_ends.invoice_id

),

judged as (

    select
        settled.*,
        case
            when
                settled.settled_at is not null
                and (settled.is_measured or settled.first_paid_at is not null)
                then 'paid'
            when
                not settled.is_measured
                or settled.owed_terms is null
                or (settled.is_mixed and settled.has_unknown_amount)
                then 'not_measured'
            when settled.due_date < settled.last_month then 'overdue'
            when settled.payment_document_amount > 0 then 'part_paid'
            else 'open'
        end as payment_status
    from settled

),

converted as (

    select
        judged.*
        {%- for kind in ['payment', 'credit', 'refund'] %},
        case
            when judged.is_mixed and judged.has_unknown_amount then null
            when judged.is_mixed then judged.{{ kind }}_amount
            else {{ in_reporting_currency(
                'judged.' ~ kind ~ '_document_amount', 'judged.currency_code', 'judged.rate'
            ) }}
        end as {{ kind }}_reporting_amount
        {%- endfor %}
    from judged

)

select
    converted.invoice_id,
    links.customer_id,
    converted.invoiced_at,
    converted.month_end,
    converted.due_date,
    converted.currency_code,
    converted.document_amount,
    converted.amount,
    case when converted.amount is not null then converted.revenue_amount end as revenue_amount,
    cast(converted.credit_reporting_amount as decimal(18, 4)) as credited_amount,
    cast(
        case
            when converted.payment_status <> 'not_measured' then converted.payment_reporting_amount
        end as decimal(18, 4)
    ) as paid_amount,
    cast(
        case
            when converted.payment_status <> 'not_measured' then -converted.refund_reporting_amount
        end as decimal(18, 4)
    ) as refunded_amount,
    cast(
        case
            when converted.payment_status = 'not_measured' or converted.amount is null then null
            when converted.payment_status = 'paid' then 0
            else
                converted.amount - converted.credit_reporting_amount
                - converted.payment_reporting_amount
        end as decimal(18, 4)
    ) as open_amount,
    converted.first_paid_at,
    case when converted.payment_status = 'paid' then converted.settled_at end as fully_paid_at,
    case
        -- Who owed nothing was neither early nor late.
        when converted.owed_terms < {{ cent }} then null
        when converted.payment_status = 'paid'
            then {{ days_between('converted.due_date', 'cast(converted.settled_at as date)') }}
        when converted.payment_status = 'overdue'
            then {{ days_between('converted.due_date', 'converted.last_month') }}
    end as days_late,
    converted.payment_status,
    cast(converted.line_count as integer) as line_count,
    case
        when converted.line_count = 0 then 'invoice_without_lines'
        when converted.amount is null then 'currency_without_rate'
        when links.customer_id is null then 'no_customer'
    end as exclusion_reason
from converted
left join links on converted.source_customer_id = links.source_id
