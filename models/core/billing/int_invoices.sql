{#- Grain: one row per invoice, as known at the end of the run's last month. What is owed and what
    settles it (payments, credits that name the invoice) is added up in the invoice's own currency,
    where no rate can leave a rest, and turned into the reporting currency once, at the rate of the
    invoice's day. Only where another currency settles it, both sides are taken in the reporting
    currency. -#}
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
        sum(billing_lines.document_amount) as document_amount,
        sum(
            case when billing_lines.exclusion_reason is null then billing_lines.amount else 0 end
        ) as revenue_amount,
        count(*) as line_count
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_window on billing_lines.month_end <= run_window.last_month
    where
        billing_lines.line_kind = 'invoice_line'
        and {{ is_owed('billing_lines.exclusion_reason') }}
    group by billing_lines.invoice_id

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
        ) }} as amount
    from {{ ref('stg_billing__invoices') }} as invoices
    inner join run_window on {{ month_end('invoices.invoiced_at') }} <= run_window.last_month
    left join line_totals on invoices.invoice_id = line_totals.invoice_id
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            invoices.currency_code = rate_days.currency_code
            and cast(invoices.invoiced_at as date) = rate_days.rate_day

),

-- Money that went back is no settlement: a refund stands on its own date and does not open the
-- invoice again, nor move the day on which it was paid.
settlements as (

    select
        payments.invoice_id,
        'payment' as settlement_kind,
        payments.payment_id as settlement_id,
        payments.paid_at as occurred_at,
        payments.currency_code,
        payments.received_document_amount as document_amount,
        payments.received_amount as amount
    from {{ ref('int_payments') }} as payments
    inner join run_window on payments.month_end <= run_window.last_month
    where payments.received_document_amount <> 0
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

valued as (

    select
        settlements.invoice_id,
        settlements.settlement_id,
        settlements.occurred_at,
        case
            when settlements.settlement_kind = 'credit' then 'credit'
            when settlements.document_amount < 0 then 'refund'
            else 'payment'
        end as settlement_kind,
        settlements.currency_code <> invoices.currency_code as is_other_currency,
        settlements.document_amount,
        case
            when settlements.currency_code <> invoices.currency_code then settlements.amount
            else {{ in_reporting_currency(
                'settlements.document_amount', 'invoices.currency_code', 'invoices.rate'
            ) }}
        end as amount
    from settlements
    inner join invoices on settlements.invoice_id = invoices.invoice_id

),

settled_sums as (

    select
        valued.invoice_id,
        {%- for kind in ['payment', 'credit', 'refund'] %}
        sum(
            case when valued.settlement_kind = '{{ kind }}' then valued.document_amount else 0 end
        ) as {{ kind }}_document_amount,
        sum(
            case when valued.settlement_kind = '{{ kind }}' then valued.amount else 0 end
        ) as {{ kind }}_amount,
        {%- endfor %}
        max(case when valued.is_other_currency then 1 else 0 end) as is_mixed,
        -- An amount without a rate settles one does not know how much.
        max(
            case when valued.is_other_currency and valued.amount is null then 1 else 0 end
        ) as is_unknown,
        sum(case when valued.settlement_kind = 'refund' then 0 else 1 end) as settlement_count,
        min(
            case when valued.settlement_kind = 'payment' then valued.occurred_at end
        ) as first_paid_at,
        max(
            case when valued.settlement_kind <> 'refund' then valued.occurred_at end
        ) as last_settled_at
    from valued
    group by valued.invoice_id

),

owed as (

    select
        invoices.*,
        coalesce(settled_sums.is_mixed, 0) = 1 as is_mixed,
        coalesce(settled_sums.is_unknown, 0) = 1 as is_unknown,
        coalesce(settled_sums.settlement_count, 0) as settlement_count,
        settled_sums.first_paid_at,
        settled_sums.last_settled_at,
        case
            when coalesce(settled_sums.is_mixed, 0) = 1 then invoices.amount
            else invoices.document_amount
        end as owed_amount,
        {%- for kind in ['payment', 'credit', 'refund'] %}
        case
            when coalesce(settled_sums.is_mixed, 0) = 1 then settled_sums.{{ kind }}_amount
            else coalesce(settled_sums.{{ kind }}_document_amount, 0)
        end as {{ kind }}_terms,
        case
            when coalesce(settled_sums.is_mixed, 0) = 1 then settled_sums.{{ kind }}_amount
            else {{ in_reporting_currency(
                'coalesce(settled_sums.' ~ kind ~ '_document_amount, 0)',
                'invoices.currency_code', 'invoices.rate'
            ) }}
        end as {{ kind }}_amount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from invoices
    left join settled_sums on invoices.invoice_id = settled_sums.invoice_id

),

-- Few invoices are settled in several steps: only their steps are put in order.
steps as (

    select
        valued.invoice_id,
        valued.occurred_at,
        row_number() over (
            partition by valued.invoice_id
            order by valued.occurred_at, valued.settlement_kind, valued.settlement_id
        ) as step_number,
        owed.owed_amount - sum(
            case when owed.is_mixed then valued.amount else valued.document_amount end
        ) over (
            partition by valued.invoice_id
            order by valued.occurred_at, valued.settlement_kind, valued.settlement_id
            rows between unbounded preceding and current row
        ) as rest
    from valued
    inner join owed on valued.invoice_id = owed.invoice_id
    where valued.settlement_kind <> 'refund' and owed.settlement_count > 1

),

last_open_steps as (

    select
        steps.*,
        coalesce(max(case when round(steps.rest, 2) > 0 then steps.step_number end) over (
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
        measured.first_payment_day is not null
        and cast(owed.invoiced_at as date) >= measured.first_payment_day
        and run_window.last_month <= measured.last_payment_month as is_measured,
        case
            -- To the cent: less than half a cent is a rest of rounding.
            when round(owed.owed_amount - owed.payment_terms - owed.credit_terms, 2) > 0 then null
            when owed.owed_amount is null or owed.payment_terms is null then null
            -- Nothing was ever owed.
            when round(owed.owed_amount, 2) <= 0 and coalesce(step_ends.last_open_step, 0) = 0
                then owed.invoiced_at
            when owed.settlement_count > 1 then step_ends.settled_at
            else owed.last_settled_at
        end as settled_at,
        run_window.last_month
    from owed
    cross join measured
    cross join run_window
    left join step_ends on owed.invoice_id = step_ends.invoice_id

),

known as (

    select
        settled.*,
        settled.is_measured or settled.first_paid_at is not null as is_paid_known
    from settled

),

judged as (

    select
        known.*,
        case
            when known.settled_at is not null and known.is_paid_known then 'paid'
            when not known.is_measured or known.is_unknown or known.owed_amount is null
                then 'not_measured'
            when known.due_date < known.last_month then 'overdue'
            when known.payment_terms > 0 then 'part_paid'
            else 'open'
        end as payment_status
    from known

)

select
    judged.invoice_id,
    links.customer_id,
    judged.invoiced_at,
    judged.month_end,
    judged.due_date,
    judged.currency_code,
    cast(judged.document_amount as decimal(18, 4)) as document_amount,
    judged.amount,
    cast(
        case when judged.amount is not null then judged.revenue_amount end as decimal(18, 4)
    ) as revenue_amount,
    cast(judged.credit_amount as decimal(18, 4)) as credited_amount,
    cast(
        case when judged.payment_status <> 'not_measured' then judged.payment_amount end
        as decimal(18, 4)
    ) as paid_amount,
    cast(
        case when judged.payment_status <> 'not_measured' then -judged.refund_amount end
        as decimal(18, 4)
    ) as refunded_amount,
    cast(
        case
            when judged.payment_status = 'not_measured' then null
            when judged.payment_status = 'paid' and judged.amount is not null then 0
            else judged.amount - judged.credit_amount - judged.payment_amount
        end as decimal(18, 4)
    ) as open_amount,
    judged.first_paid_at,
    case when judged.payment_status = 'paid' then judged.settled_at end as fully_paid_at,
    case
        -- Who owed nothing was neither early nor late.
        when round(judged.owed_amount, 2) <= 0 then null
        when judged.payment_status = 'paid'
            then {{ days_between('judged.due_date', 'cast(judged.settled_at as date)') }}
        when judged.payment_status = 'overdue'
            then {{ days_between('judged.due_date', 'judged.last_month') }}
    end as days_late,
    judged.payment_status,
    cast(judged.line_count as integer) as line_count,
    case
        when judged.line_count = 0 then 'invoice_without_lines'
        when judged.amount is null then 'currency_without_rate'
        when links.customer_id is null then 'no_customer'
    end as exclusion_reason
from judged
left join links on judged.source_customer_id = links.source_id
