{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month in which the term of a subscription came to its end: how
    many did, and how many went on. A term ends every so many months after the subscription began;
    it is due when the subscription was in force the day before, and renewed when it is on the
    day. -#}
with run_months as (

    {{ run_months() }}

),

-- The term as it was first written down; billing tells it again with every later version.
first_versions as (

    select
        subscriptions.subscription_id,
        subscriptions.started_at,
        subscriptions.term_months,
        row_number() over (
            partition by subscriptions.subscription_id order by subscriptions.valid_from
        ) as version_number
    from {{ ref('stg_billing__subscriptions') }} as subscriptions
    where subscriptions.term_months > 0 and subscriptions.started_at is not null

),

due_dates as (

    select
        first_versions.subscription_id,
        months.as_of_date,
        cast(
            {{ dbt.dateadd(
                'month',
                months_between(month_end('first_versions.started_at'), 'months.as_of_date'),
                'first_versions.started_at'
            ) }} as date
        ) as due_on
    from first_versions
    inner join {{ ref('int_months') }} as months
        on first_versions.started_at < months.as_of_date
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    where
        first_versions.version_number = 1
        and {{ month_end('first_versions.started_at') }} < months.as_of_date
        and mod(
            {{ months_between(month_end('first_versions.started_at'), 'months.as_of_date') }},
            first_versions.term_months
        ) = 0

),

judged as (

    select
        due_dates.subscription_id,
        due_dates.as_of_date,
        max(spans.customer_id) as customer_id,
        max(
            case when {{ holds_on('due_dates.due_on', 'spans.valid_from', 'spans.valid_to') }}
                then 1 else 0 end
        ) as renewed_count
    from due_dates
    inner join {{ ref('int_subscription_spans') }} as spans
        on
            due_dates.subscription_id = spans.subscription_id
            and due_dates.due_on >= spans.valid_from
            and (spans.valid_to is null or due_dates.due_on <= spans.valid_to)
    where spans.exclusion_reason is null and spans.quantity > 0 and spans.customer_id is not null
    group by due_dates.subscription_id, due_dates.as_of_date
    having min(spans.valid_from) < max(due_dates.due_on)

)

select
    judged.customer_id,
    judged.as_of_date,
    cast(count(*) as integer) as renewals_due,
    cast(sum(judged.renewed_count) as integer) as renewals
from judged
group by judged.customer_id, judged.as_of_date
