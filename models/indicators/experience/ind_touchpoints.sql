{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months) and touchpoint: those of the register,
    and those that are used without standing in it. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ month_windows([1, 12]) }}

),

named_events as (

    select
        case
            when
                customer_events.source_system = 'marketing'
                or customer_events.event_type in ('lead', 'lead_converted')
                then 'campaign'
            when customer_events.source_system = 'survey' then 'survey'
            else customer_events.touchpoint
        end as touchpoint,
        customer_events.month_end,
        customer_events.customer_id,
        customer_events.is_customer_initiated,
        customer_events.is_two_way
    from {{ ref('int_customer_events') }} as customer_events
    inner join run_months
        on
            customer_events.month_end > {{ month_end_after('run_months.first_month', -12) }}
            and customer_events.month_end <= run_months.last_month
    where
        customer_events.touchpoint is not null
        or customer_events.source_system in ('marketing', 'survey')

),

contacts as (

    select
        named_events.touchpoint,
        named_events.month_end,
        named_events.customer_id,
        count(*) as contact_count,
        {{ count_when('named_events.is_customer_initiated') }} as customer_initiated_count,
        {{ count_when('named_events.is_two_way') }} as two_way_count
    from named_events
    group by named_events.touchpoint, named_events.month_end, named_events.customer_id

),

monthly as (

    select
        contacts.touchpoint,
        contacts.month_end,
        count(contacts.customer_id) as customer_count,
        sum(contacts.contact_count) as contact_count,
        sum(contacts.customer_initiated_count) as customer_initiated_count,
        sum(contacts.two_way_count) as two_way_count
    from contacts
    group by contacts.touchpoint, contacts.month_end

),

counted as (

    select
        windows.as_of_date,
        windows.period_months,
        monthly.touchpoint,
        sum(monthly.contact_count) as contact_count,
        sum(monthly.customer_count) as customer_month_count,
        sum(monthly.customer_initiated_count) as customer_initiated_count,
        sum(monthly.two_way_count) as two_way_count
    from monthly
    inner join windows on monthly.month_end = windows.month_end
    group by windows.as_of_date, windows.period_months, monthly.touchpoint

),

periods as (

    select distinct
        windows.as_of_date,
        windows.period_months
    from windows

),

measured as (

    select distinct
        windows.as_of_date,
        windows.period_months,
        touchpoints.touchpoint
    from windows
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on windows.month_end = measured_facts.as_of_date
    inner join {{ ref('touchpoint_register') }} as touchpoints
        on measured_facts.fact = touchpoints.measured_fact
    where measured_facts.is_measured

),

spine as (

    select
        periods.as_of_date,
        periods.period_months,
        touchpoints.touchpoint
    from periods
    cross join {{ ref('touchpoint_register') }} as touchpoints
    union
    select
        counted.as_of_date,
        counted.period_months,
        counted.touchpoint
    from counted

)

select
    spine.as_of_date,
    spine.period_months,
    spine.touchpoint,
    touchpoints.name as touchpoint_name,
    touchpoints.journey_stage,
    touchpoints.owner,
    touchpoints.touchpoint is not null as is_registered,
    touchpoints.owner is null as is_unowned,
    -- Who stands in no register has a row because there was a contact.
    case
        when counted.touchpoint is not null then cast(counted.contact_count as bigint)
        when measured.touchpoint is not null then 0
    end as contact_count,
    case
        when counted.touchpoint is not null then cast(counted.customer_month_count as bigint)
        when measured.touchpoint is not null then 0
    end as customer_month_count,
    {{ ratio('counted.contact_count', 'counted.customer_month_count') }}
        as contacts_per_customer_month,
    {{ ratio('counted.customer_initiated_count', 'counted.contact_count') }}
        as customer_initiated_ratio,
    {{ ratio('counted.two_way_count', 'counted.contact_count') }} as two_way_ratio
from spine
left join {{ ref('touchpoint_register') }} as touchpoints
    on spine.touchpoint = touchpoints.touchpoint
left join counted
    on
        spine.as_of_date = counted.as_of_date
        and spine.period_months = counted.period_months
        and spine.touchpoint = counted.touchpoint
left join measured
    on
        spine.as_of_date = measured.as_of_date
        and spine.period_months = measured.period_months
        and spine.touchpoint = measured.touchpoint
