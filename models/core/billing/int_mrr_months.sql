{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month end, dense from the month of the first subscription on,
    with zeros after the end. Monthly recurring revenue (MRR) at a month end is the sum of the spans
    in force on that day. What came before the run's months is read from the spans, too, and not
    from the rows of earlier months: customers that were merged since then open with both their
    sums. -#}
with run_months as (

    {{ run_months() }}

),

before_run as (

    select {{ month_end_after('run_months.first_month', -1) }} as as_of_date
    from run_months

),

-- The run's months and the one before, which they open with.
months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    union all
    select before_run.as_of_date
    from before_run

),

spans as (

    select
        spans.customer_id,
        spans.subscription_id,
        spans.product_id,
        spans.quantity,
        spans.reporting_unit_price,
        spans.valid_from,
        spans.valid_to,
        spans.mrr
    from {{ ref('int_subscription_spans') }} as spans
    where spans.exclusion_reason is null

),

customers as (

    select
        spans.customer_id,
        min({{ month_end('spans.valid_from') }}) as first_month,
        min(case when spans.quantity > 0 then spans.valid_from end) as first_subscribed_on,
        max(
            case
                when spans.quantity > 0 and spans.valid_to <= before_run.as_of_date
                    then spans.valid_to
            end
        ) as ended_before_run,
        -- The newest month end before the run's months on which something was paid for.
        max(
            case
                when spans.mrr > 0 and spans.valid_from <= before_run.as_of_date
                    then case
                        when {{ holds_on(
                            'before_run.as_of_date', 'spans.valid_from', 'spans.valid_to'
                        ) }} then before_run.as_of_date
                        when
                            {{ month_end_after('spans.valid_to', -1) }} >= spans.valid_from
                            then {{ month_end_after('spans.valid_to', -1) }}
                    end
            end
        ) as paid_month_before_run
    from spans
    cross join before_run
    group by spans.customer_id

),

-- The newest day on which a span ended, by month.
ends as (

    select
        spans.customer_id,
        {{ month_end('spans.valid_to') }} as as_of_date,
        max(spans.valid_to) as ended_on
    from spans
    cross join before_run
    where spans.quantity > 0 and spans.valid_to > before_run.as_of_date
    group by spans.customer_id, {{ month_end('spans.valid_to') }}

),

in_force as (

    select
        spans.*,
        months.as_of_date
    from spans
    inner join months
        on {{ holds_on('months.as_of_date', 'spans.valid_from', 'spans.valid_to') }}

),

totals as (

    select
        in_force.customer_id,
        in_force.as_of_date,
        sum(in_force.mrr) as mrr,
        sum(case when in_force.quantity > 0 then 1 else 0 end) as subscription_count,
        sum(in_force.quantity) as quantity,
        count(*) as span_count,
        min(in_force.product_id) as only_product_id,
        min(in_force.reporting_unit_price) as only_unit_price
    from in_force
    group by in_force.customer_id, in_force.as_of_date

),

-- The plan is the largest span; only who has several is ranked.
ranked as (

    select
        in_force.customer_id,
        in_force.as_of_date,
        in_force.product_id,
        in_force.reporting_unit_price,
        row_number() over (
            partition by in_force.customer_id, in_force.as_of_date
            order by in_force.mrr desc, in_force.product_id asc, in_force.subscription_id asc
        ) as size_rank
    from in_force
    inner join totals
        on
            in_force.customer_id = totals.customer_id
            and in_force.as_of_date = totals.as_of_date
            and totals.span_count > 1

),

dense as (

    select
        customers.customer_id,
        months.as_of_date,
        customers.paid_month_before_run,
        customers.first_subscribed_on,
        customers.ended_before_run,
        ends.ended_on,
        coalesce(totals.mrr, 0) as mrr,
        coalesce(totals.subscription_count, 0) as subscription_count,
        coalesce(totals.quantity, 0) as quantity,
        case
            when totals.span_count = 1 then totals.only_product_id else ranked.product_id
        end as plan_product_id,
        case
            when totals.span_count = 1 then totals.only_unit_price
            else ranked.reporting_unit_price
        end as plan_unit_price
    from customers
    inner join months on customers.first_month <= months.as_of_date
    left join totals
        on
            customers.customer_id = totals.customer_id
            and months.as_of_date = totals.as_of_date
    left join ranked
        on
            customers.customer_id = ranked.customer_id
            and months.as_of_date = ranked.as_of_date
            and ranked.size_rank = 1
    left join ends
        on
            customers.customer_id = ends.customer_id
            and months.as_of_date = ends.as_of_date

),

opened as (

    select
        dense.*,
        coalesce(lag(dense.mrr) over by_month, 0) as opening_mrr,
        max(case when dense.mrr > 0 then dense.as_of_date end) over (
            partition by dense.customer_id order by dense.as_of_date
            rows between unbounded preceding and 1 preceding
        ) as paid_month_in_run,
        max(dense.ended_on) over (
            partition by dense.customer_id order by dense.as_of_date
            rows between unbounded preceding and current row
        ) as ended_in_run
    from dense
    window by_month as (partition by dense.customer_id order by dense.as_of_date)

)

select
    opened.customer_id,
    opened.as_of_date,
    cast(opened.opening_mrr as decimal(18, 4)) as opening_mrr,
    cast(opened.mrr as decimal(18, 4)) as mrr,
    cast(opened.subscription_count as integer) as subscription_count,
    cast(opened.quantity as bigint) as quantity,
    opened.plan_product_id,
    opened.plan_unit_price,
    coalesce(opened.paid_month_in_run, opened.paid_month_before_run) as previous_paid_month,
    case
        when opened.first_subscribed_on <= opened.as_of_date then opened.first_subscribed_on
    end as first_subscribed_on,
    -- A span ends on the first day on which it no longer holds.
    case
        when opened.subscription_count > 0 then opened.as_of_date
        else cast({{ dbt.dateadd(
            'day', -1, 'coalesce(opened.ended_in_run, opened.ended_before_run)'
        ) }} as date)
    end as subscribed_until
from opened
inner join run_months on opened.as_of_date >= run_months.first_month
