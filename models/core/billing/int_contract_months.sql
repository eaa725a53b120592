{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month end with a subscription in force: its terms as they were
    known then. What billing wrote about a subscription (begin, term, renewal) counts from the day
    on which it was written. -#}
with run_months as (

    {{ run_months() }}

),

priced as (

    select
        spans.*,
        case
            when
                spans.change_kind = 'price'
                and spans.product_id = lag(spans.product_id) over by_day
                and spans.currency_code = lag(spans.currency_code) over by_day
                then {{ ratio('spans.unit_price', 'lag(spans.unit_price) over by_day') }} - 1
        end as price_change_ratio
    from {{ ref('int_subscription_spans') }} as spans
    where spans.exclusion_reason is null and spans.quantity > 0
    window by_day as (partition by spans.subscription_id order by spans.valid_from)

),

-- The newest change of plan or seats, and of price alone, up to each span.
changed as (

    select
        priced.subscription_id,
        priced.customer_id,
        priced.valid_from,
        priced.valid_to,
        priced.mrr,
        max(
            case
                when priced.change_kind in ('upgrade', 'downgrade', 'quantity')
                    then priced.valid_from
            end
        ) over so_far as plan_changed_on,
        max(case when priced.change_kind = 'price' then priced.valid_from end) over so_far
            as price_changed_on,
        case when priced.change_kind = 'price' then priced.price_change_ratio end
            as own_price_change_ratio
    from priced
    window so_far as (
        partition by priced.subscription_id order by priced.valid_from
        rows between unbounded preceding and current row
    )

),

price_changes as (

    select
        changed.subscription_id,
        changed.valid_from,
        changed.own_price_change_ratio as price_change_ratio
    from changed
    where changed.price_changed_on = changed.valid_from

),

in_force as (

    select
        changed.customer_id,
        months.as_of_date,
        changed.subscription_id,
        changed.mrr,
        changed.plan_changed_on,
        changed.price_changed_on,
        price_changes.price_change_ratio
    from changed
    inner join {{ ref('int_months') }} as months
        on {{ holds_on('months.as_of_date', 'changed.valid_from', 'changed.valid_to') }}
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    left join price_changes
        on
            changed.subscription_id = price_changes.subscription_id
            and changed.price_changed_on = price_changes.valid_from

),

versions as (

    select
        subscriptions.subscription_id,
        subscriptions.started_at,
        subscriptions.term_months,
        subscriptions.renewal_date,
        cast(subscriptions.valid_from as date) as written_on,
        cast(subscriptions.valid_to as date) as rewritten_on
    from {{ ref('stg_billing__subscriptions') }} as subscriptions

),

-- The largest subscription says what price and term the customer goes by.
termed as (

    select
        in_force.*,
        versions.started_at,
        versions.term_months,
        case when versions.renewal_date > in_force.as_of_date then versions.renewal_date end
            as renewal_date,
        row_number() over (
            partition by in_force.customer_id, in_force.as_of_date
            order by in_force.mrr desc, in_force.subscription_id asc
        ) as size_rank
    from in_force
    left join versions
        on
            in_force.subscription_id = versions.subscription_id
            and {{ holds_on(
                'in_force.as_of_date', 'versions.written_on', 'versions.rewritten_on'
            ) }}

)

select
    termed.customer_id,
    termed.as_of_date,
    cast(count(*) as integer) as subscription_count,
    cast(max(case when termed.size_rank = 1 then termed.term_months end) as integer)
        as term_months,
    min(termed.started_at) as contract_since,
    min(termed.renewal_date) as next_renewal_date,
    max(termed.plan_changed_on) as plan_changed_on,
    max(case when termed.size_rank = 1 then termed.price_changed_on end) as price_changed_on,
    cast(
        max(case when termed.size_rank = 1 then termed.price_change_ratio end) as decimal(18, 6)
    ) as price_change_ratio
from termed
group by termed.customer_id, termed.as_of_date
