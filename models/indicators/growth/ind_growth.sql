{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: whether the customer grows, and what is left to grow
    into (handbook C12, potential). Growth needs a year, or half a year of use, to be held against;
    without it growth is empty and not zero. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select
        months.as_of_date,
        {{ months_between('run_months.history_start', 'months.as_of_date') }} + 1
            as history_months
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

windows as (

    select
        windows.customer_id,
        windows.as_of_date,
        windows.revenue_12m,
        case when year_before.is_window_complete then year_before.revenue_12m end
            as revenue_year_before,
        windows.product_count_12m,
        case when year_before.is_window_complete then year_before.product_count_12m end
            as products_year_before,
        least(
            12,
            months.history_months,
            {{ months_between(month_end('windows.first_seen_date'), 'windows.as_of_date') }} + 1
        ) as month_count,
        windows.last_purchase_date is not null as has_purchased
    from {{ ref('int_customer_windows') }} as windows
    inner join months on windows.as_of_date = months.as_of_date
    left join {{ ref('int_customer_windows') }} as year_before
        on
            windows.customer_id = year_before.customer_id
            and {{ month_end_after('windows.as_of_date', -12) }} = year_before.as_of_date

),

-- Days of use of half a year and of the half before it, where all twelve months are measured.
use_windows as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        count(customer_activity.active_days) over last_12 as measured_months,
        count(customer_activity.active_days) over last_3 as measured_months_3m,
        sum(customer_activity.active_days) over last_12 as active_days_12m,
        sum(customer_activity.active_days) over last_3 as active_days_3m,
        sum(customer_activity.active_days) over last_6 as active_days_6m,
        sum(customer_activity.active_days) over before_6 as active_days_before_6m
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join run_months
        on
            customer_activity.as_of_date > {{ month_end_after('run_months.first_month', -12) }}
            and customer_activity.as_of_date <= run_months.last_month
    window
        last_3 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 2 preceding and current row
        ),
        last_6 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 5 preceding and current row
        ),
        before_6 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 11 preceding and 6 preceding
        ),
        last_12 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 11 preceding and current row
        )

),

-- The services that a customer subscribes to on the last day of the month.
services as (

    select distinct
        spans.customer_id,
        months.as_of_date,
        spans.product_id
    from {{ ref('int_subscription_spans') }} as spans
    inner join months
        on {{ holds_on('months.as_of_date', 'spans.valid_from', 'spans.valid_to') }}
    where spans.exclusion_reason is null and spans.quantity > 0

),

offered as (

    select
        services.as_of_date,
        count(distinct services.product_id) as service_count
    from services
    group by services.as_of_date

),

used as (

    select
        services.customer_id,
        services.as_of_date,
        count(*) as service_count
    from services
    group by services.customer_id, services.as_of_date

),

-- The months in which a customer was in touch by a channel: two-way contacts and tickets.
channel_months as (

    select distinct
        customer_events.customer_id,
        customer_events.channel,
        customer_events.month_end
    from {{ ref('int_customer_events') }} as customer_events
    inner join run_months
        on
            customer_events.month_end > {{ month_end_after('run_months.first_month', -12) }}
            and customer_events.month_end <= run_months.last_month
    where
        customer_events.event_type in ('interaction', 'ticket_opened')
        and customer_events.is_two_way
        and customer_events.channel is not null
        and customer_events.customer_id is not null

),

channel_spells as (

    select
        channel_months.customer_id,
        channel_months.month_end,
        lead(channel_months.month_end) over (
            partition by channel_months.customer_id, channel_months.channel
            order by channel_months.month_end
        ) as next_month
    from channel_months

),

-- At a month end each channel stands with its newest month only, so that none counts twice.
channels as (

    select
        channel_spells.customer_id,
        months.as_of_date,
        count(*) as channel_count
    from channel_spells
    inner join months
        on
            channel_spells.month_end <= months.as_of_date
            and channel_spells.month_end > {{ month_end_after('months.as_of_date', -12) }}
            and (
                channel_spells.next_month is null
                or channel_spells.next_month > months.as_of_date
            )
    group by channel_spells.customer_id, months.as_of_date

),

contact_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'interactions' and measured_facts.is_measured

)

select
    windows.customer_id,
    windows.as_of_date,
    case
        when windows.revenue_year_before > 0
            then {{ ratio('windows.revenue_12m', 'windows.revenue_year_before') }} - 1
    end as revenue_growth_12m,
    case
        when windows.has_purchased then {{ ratio('windows.revenue_12m', 'windows.month_count') }}
    end as revenue_per_month_12m,
    case
        when use_windows.measured_months = 12
            then {{ ratio('use_windows.active_days_6m', 'use_windows.active_days_before_6m') }} - 1
    end as usage_growth_6m,
    -- Who has not used anything for a year is no user: no days of use are no answer.
    case
        when use_windows.measured_months_3m = 3 and use_windows.active_days_12m > 0
            then cast(use_windows.active_days_3m as integer)
    end as use_days_3m,
    {{ ratio('windows.product_count_12m', 'windows.products_year_before') }} - 1
        as product_growth_12m,
    cast(offered.service_count - used.service_count as integer) as unused_service_count,
    1 - ind_loyalty.category_breadth_12m as product_headroom_12m,
    {{ measured_count('contact_months.as_of_date is not null', 'channels.channel_count') }}
        as channel_count_12m
from windows
inner join {{ ref('ind_loyalty') }} as ind_loyalty
    on
        windows.customer_id = ind_loyalty.customer_id
        and windows.as_of_date = ind_loyalty.as_of_date
left join use_windows
    on
        windows.customer_id = use_windows.customer_id
        and windows.as_of_date = use_windows.as_of_date
left join used
    on windows.customer_id = used.customer_id and windows.as_of_date = used.as_of_date
left join offered on windows.as_of_date = offered.as_of_date
left join channels
    on windows.customer_id = channels.customer_id and windows.as_of_date = channels.as_of_date
left join contact_months on windows.as_of_date = contact_months.as_of_date
