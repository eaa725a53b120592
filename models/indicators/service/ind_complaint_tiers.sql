{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months) and value tier, and one row `all`, where
    complaints were measured. A complaint belongs to the tier that its customer had at the end of
    the month in which it was known. -#}
{%- set tiers = ['all', 'A', 'B', 'C', 'D', 'none'] -%}
{%- set ratios = [
    ('sla_met', 'in_time_count', 'due_count'),
    ('repeat', 'repeated_count', 'repeat_case_count'),
    ('upheld', 'upheld_count', 'assessed_count'),
    ('retained', 'retained_count', 'retention_case_count'),
] -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ service_windows([1, 12]) }}

),

measured as (

    select
        windows.as_of_date,
        windows.period_months,
        cast({{ count_when('windows.complaints') }} as integer) as measured_months
    from windows
    group by windows.as_of_date, windows.period_months

),

tier_months as (

    select
        ind_value.customer_id,
        ind_value.as_of_date,
        ind_value.tier
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date > {{ month_end_after('run_months.first_month', -12) }}
            and ind_value.as_of_date <= run_months.last_month

),

active_months as (

    select
        ind_activity.as_of_date,
        coalesce(tier_months.tier, 'none') as tier,
        count(*) as active_count
    from {{ ref('ind_activity') }} as ind_activity
    inner join run_months
        on
            ind_activity.as_of_date > {{ month_end_after('run_months.first_month', -12) }}
            and ind_activity.as_of_date <= run_months.last_month
    left join tier_months
        on
            ind_activity.customer_id = tier_months.customer_id
            and ind_activity.as_of_date = tier_months.as_of_date
    where ind_activity.is_active
    group by ind_activity.as_of_date, coalesce(tier_months.tier, 'none')

),

-- Active customers of a period: the mean of its month ends, as a ratio of sums.
active_customers as (

    select
        windows.as_of_date,
        windows.period_months,
        coalesce(active_months.tier, 'all') as tier,
        sum(active_months.active_count) as active_count
    from windows
    inner join active_months on windows.month_end = active_months.as_of_date
    where windows.complaints
    group by windows.as_of_date, windows.period_months, cube(active_months.tier)

),

complaints as (

    select
        complaint_states.*,
        coalesce(tier_months.tier, 'none') as tier,
        {{ month_end(dbt.dateadd(
            'day', var('complaint_retention_days'), 'cast(complaint_states.known_at as date)'
        )) }} as retention_month
    from {{ ref('int_complaint_states') }} as complaint_states
    inner join run_months
        on
            complaint_states.complaint_month
            > {{ month_end_after('run_months.first_month', -12) }}
            and complaint_states.complaint_month <= run_months.last_month
    left join tier_months
        on
            complaint_states.customer_id = tier_months.customer_id
            and complaint_states.complaint_month = tier_months.as_of_date

),

judged as (

    select
        complaints.*,
        windows.as_of_date,
        windows.period_months,
        {{ is_due(
            'complaints.resolution_target_minutes', 'last_days',
            'complaints.open_seconds_at_receipt', 'complaints.days_without_hours_at_receipt'
        ) }} as is_resolution_due,
        cast(complaints.known_at as date)
        <= {{ dbt.dateadd('day', -var('repeat_complaint_days'), 'windows.as_of_date') }}
            as is_repeat_final,
        complaints.retention_month <= windows.as_of_date as is_retention_final,
        coalesce(activity_then.is_active, false) as was_active,
        coalesce(activity_after.is_active, false) as is_retained
    from complaints
    inner join windows
        on
            complaints.complaint_month = windows.month_end
            and {{ holds_on(
                'windows.as_of_date', 'complaints.from_month', 'complaints.to_month'
            ) }}
    left join {{ ref('int_business_days') }} as last_days
        on
            complaints.calendar_id = last_days.calendar_id
            and windows.as_of_date = last_days.business_date
    left join {{ ref('ind_activity') }} as activity_then
        on
            complaints.customer_id = activity_then.customer_id
            and complaints.complaint_month = activity_then.as_of_date
    left join {{ ref('ind_activity') }} as activity_after
        on
            complaints.customer_id = activity_after.customer_id
            and complaints.retention_month = activity_after.as_of_date
    where windows.complaints

),

counted as (

    select
        judged.as_of_date,
        judged.period_months,
        coalesce(judged.tier, 'all') as tier,
        {{ complaint_sums('judged') }},
        {{ count_when('judged.was_active and judged.is_retention_final') }}
            as retention_case_count,
        {{ count_when(
            'judged.was_active and judged.is_retention_final and judged.is_retained'
        ) }} as retained_count,
        {{ count_when('judged.was_active and not judged.is_retention_final') }}
            as retention_pending_count
    from judged
    group by judged.as_of_date, judged.period_months, cube(judged.tier)

),

tiers as (

    {% for tier in tiers -%}
    select '{{ tier }}' as tier
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

spine as (

    select
        measured.*,
        tiers.tier
    from measured
    cross join tiers
    where measured.measured_months > 0

)

select
    spine.as_of_date,
    spine.period_months,
    spine.tier,
    spine.measured_months,
    cast(coalesce(counted.complaint_count, 0) as integer) as complaint_count,
    {{ ratio('active_customers.active_count', 'spine.measured_months') }} as active_customers_mean,
    case
        when active_customers.active_count > 0
            then
                1000 * {{ ratio(
                    'coalesce(counted.complaint_count, 0) * spine.measured_months',
                    'active_customers.active_count'
                ) }}
    end as complaints_per_1000_customers,
    {%- for name, met, cases in ratios %}
    cast(coalesce(counted.{{ cases }}, 0) as integer) as {{ name }}_cases,
    {{ rate_columns(name, 'counted.' ~ met, 'counted.' ~ cases) }},
    {%- endfor %}
    cast(coalesce(counted.due_pending_count, 0) as integer) as sla_pending_count,
    cast(coalesce(counted.repeat_pending_count, 0) as integer) as repeat_pending_count,
    cast(coalesce(counted.retention_pending_count, 0) as integer) as retained_pending_count,
    coalesce(counted.due_pending_count, 0) = 0
    and coalesce(counted.repeat_pending_count, 0) = 0
    and coalesce(counted.retention_pending_count, 0) = 0 as is_final,
    coalesce(counted.complaint_count, 0) < {{ var('min_n') }} as is_low_n
from spine
left join counted
    on
        spine.as_of_date = counted.as_of_date
        and spine.period_months = counted.period_months
        and spine.tier = counted.tier
left join active_customers
    on
        spine.as_of_date = active_customers.as_of_date
        and spine.period_months = active_customers.period_months
        and spine.tier = active_customers.tier
