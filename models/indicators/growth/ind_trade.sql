{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: what was sent and came back, what was received of
    what fell due, and what was given away as discount (handbook C12, profiles publisher and
    retail). -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

-- From the first shipment, return and payment on, none is none; before, nothing was measured.
first_shipment as (

    select min(deliveries.month_end) as month_end
    from {{ ref('int_deliveries') }} as deliveries
    where deliveries.shipment_count > 0

),

first_return as (

    select min(deliveries.month_end) as month_end
    from {{ ref('int_deliveries') }} as deliveries
    where deliveries.return_count > 0

),

first_payment as (

    select min(payments.month_end) as month_end
    from {{ ref('int_payments') }} as payments

),

goods as (

    select
        deliveries.customer_id,
        months.as_of_date,
        sum(deliveries.shipped_units) as shipped_units,
        sum(deliveries.returned_units) as returned_units
    from {{ ref('int_deliveries') }} as deliveries
    inner join months
        on
            deliveries.month_end <= months.as_of_date
            and deliveries.month_end > {{ month_end_after('months.as_of_date', -12) }}
    where deliveries.customer_id is not null
    group by deliveries.customer_id, months.as_of_date

),

-- What was sent in the last twelve months and had not arrived at the month end; what is older got
-- lost.
in_transit as (

    select
        links.customer_id,
        months.as_of_date,
        sum(shipments.quantity) as units
    from {{ ref('stg_billing__shipments') }} as shipments
    inner join {{ ref('int_identity_links') }} as links
        on
            shipments.source_customer_id = links.source_id
            and links.source_system = 'billing'
    inner join months
        on
            {{ month_end('shipments.shipped_at') }} <= months.as_of_date
            and {{ month_end('shipments.shipped_at') }}
            > {{ month_end_after('months.as_of_date', -12) }}
            and (
                shipments.delivered_at is null
                or {{ month_end('shipments.delivered_at') }} > months.as_of_date
            )
    group by links.customer_id, months.as_of_date

),

received as (

    select
        payments.customer_id,
        months.as_of_date,
        sum(payments.received_amount) as received_amount
    from {{ ref('int_payments') }} as payments
    inner join months
        on
            payments.month_end <= months.as_of_date
            and payments.month_end > {{ month_end_after('months.as_of_date', -12) }}
    where payments.exclusion_reason is null
    group by payments.customer_id, months.as_of_date

),

due as (

    select
        payment_months.customer_id,
        months.as_of_date,
        sum(payment_months.amount_due) as amount_due,
        sum(payment_months.invoices_due) as invoices_due
    from {{ ref('int_payment_months') }} as payment_months
    inner join months
        on
            payment_months.as_of_date <= months.as_of_date
            and payment_months.as_of_date > {{ month_end_after('months.as_of_date', -12) }}
    group by payment_months.customer_id, months.as_of_date

),

-- In the reporting currency at the rate of the line: its amount, raised to the list price.
priced_months as (

    select
        billing_lines.customer_id,
        billing_lines.month_end,
        count(*) as line_count,
        sum(billing_lines.amount) as paid_amount,
        sum(
            cast(
                round(
                    cast(billing_lines.amount as double)
                    * cast(billing_lines.list_price as double)
                    / cast(billing_lines.unit_price as double),
                    4
                ) as decimal(18, 4)
            )
        ) as list_amount
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_months
        on
            billing_lines.month_end > {{ month_end_after('run_months.first_month', -12) }}
            and billing_lines.month_end <= run_months.last_month
    where
        billing_lines.line_kind = 'invoice_line'
        and billing_lines.exclusion_reason is null
        and billing_lines.unit_price > 0
        and billing_lines.list_price > 0
    group by billing_lines.customer_id, billing_lines.month_end

),

prices as (

    select
        priced_months.customer_id,
        months.as_of_date,
        sum(priced_months.line_count) as line_count,
        sum(priced_months.paid_amount) as paid_amount,
        sum(priced_months.list_amount) as list_amount
    from priced_months
    inner join months
        on
            priced_months.month_end <= months.as_of_date
            and priced_months.month_end > {{ month_end_after('months.as_of_date', -12) }}
    group by priced_months.customer_id, months.as_of_date

)

select
    windows.customer_id,
    windows.as_of_date,
    case
        when windows.as_of_date >= first_shipment.month_end
            then cast(coalesce(goods.shipped_units, 0) as bigint)
    end as shipped_units_12m,
    case
        when windows.as_of_date >= first_return.month_end
            then {{ ratio('goods.returned_units', 'goods.shipped_units') }}
    end as units_return_ratio_12m,
    case
        when windows.as_of_date >= first_shipment.month_end
            then cast(coalesce(in_transit.units, 0) as bigint)
    end as units_in_transit,
    case
        when windows.as_of_date >= first_payment.month_end
            then cast(coalesce(received.received_amount, 0) as decimal(18, 4))
    end as received_amount_12m,
    case
        when due.amount_due > 0
            then greatest(
                0, 1 - {{ ratio('coalesce(receivables.overdue_amount, 0)', 'due.amount_due') }}
            )
    end as collection_ratio_12m,
    1 - {{ ratio('prices.paid_amount', 'prices.list_amount') }} as discount_ratio_12m,
    cast(coalesce(prices.line_count, 0) as integer) as list_price_lines_12m
from {{ ref('int_customer_windows') }} as windows
inner join months on windows.as_of_date = months.as_of_date
cross join first_shipment
cross join first_return
cross join first_payment
left join {{ ref('int_receivable_months') }} as receivables
    on
        windows.customer_id = receivables.customer_id
        and windows.as_of_date = receivables.as_of_date
{%- for facts in ['goods', 'in_transit', 'received', 'due', 'prices'] %}
left join {{ facts }}
    on
        windows.customer_id = {{ facts }}.customer_id
        and windows.as_of_date = {{ facts }}.as_of_date
{%- endfor %}
