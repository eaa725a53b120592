{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months), process and step. Stays are counted in
    the month in which they ended, so that their time is known; those that go on are told apart. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ month_windows([1, 12]) }}

),

measured as (

    select
        windows.as_of_date,
        windows.period_months,
        {% for process, fact in [('ticket', 'ticket_changes'), ('complaint', 'complaints')] -%}
        {{ count_when(
            "measured_facts.is_measured and measured_facts.fact = '" ~ fact ~ "'"
        ) }} as {{ process }}_months{{ ',' if not loop.last }}
        {% endfor %}
    from windows
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on windows.month_end = measured_facts.as_of_date
    group by windows.as_of_date, windows.period_months

),

spine as (

    select
        measured.as_of_date,
        measured.period_months,
        process_steps.process,
        process_steps.step,
        process_steps.place,
        process_steps.may_end,
        case
            when process_steps.process = 'ticket' then measured.ticket_months
            else measured.complaint_months
        end as measured_months
    from measured
    cross join {{ ref('process_order') }} as process_steps

),

visits as (

    select visits.*
    from {{ ref('int_process_visits') }} as visits

),

entered as (

    select
        windows.as_of_date,
        windows.period_months,
        visits.process,
        visits.step,
        count(*) as entry_count,
        {{ count_when('visits.is_rework') }} as rework_count
    from visits
    inner join windows on visits.month_end = windows.month_end
    where visits.excluded_month is null or visits.excluded_month > windows.as_of_date
    group by windows.as_of_date, windows.period_months, visits.process, visits.step

),

finished as (

    select
        windows.as_of_date,
        windows.period_months,
        visits.process,
        visits.step,
        count(*) as finished_count,
        count(visits.business_minutes) as business_finished_count
        {%- for column in ['minutes', 'business_minutes'] %}
        {%- for share, name in [(0.5, 'p50'), (0.9, 'p90')] %},
        percentile_cont({{ share }}) within group (order by visits.{{ column }})
            as {{ column }}_{{ name }}
        {%- endfor %}
        {%- endfor %}
    from visits
    inner join windows on visits.ended_month = windows.month_end
    where
        (visits.excluded_month is null or visits.excluded_month > windows.as_of_date)
        and not visits.is_end
        and visits.minutes >= 0
    group by windows.as_of_date, windows.period_months, visits.process, visits.step

),

ongoing as (

    select
        windows.as_of_date,
        windows.period_months,
        visits.process,
        visits.step,
        count(*) as ongoing_count
    from visits
    inner join windows
        on
            visits.month_end <= windows.as_of_date
            and (visits.ended_month is null or visits.ended_month > windows.as_of_date)
    where
        (visits.excluded_month is null or visits.excluded_month > windows.as_of_date)
        and not visits.may_end
        and windows.month_end = windows.as_of_date
    group by windows.as_of_date, windows.period_months, visits.process, visits.step

)

select
    spine.as_of_date,
    spine.period_months,
    spine.process,
    spine.step,
    spine.place,
    cast(spine.measured_months as integer) as measured_months,
    cast(coalesce(entered.entry_count, 0) as integer) as entry_count,
    cast(coalesce(entered.rework_count, 0) as integer) as rework_count,
    {{ ratio('entered.rework_count', 'entered.entry_count') }} as rework_ratio,
    case
        when entered.entry_count > 0
            then {{ wilson_low('entered.rework_count', 'entered.entry_count') }}
    end as rework_low,
    case
        when entered.entry_count > 0
            then {{ wilson_high('entered.rework_count', 'entered.entry_count') }}
    end as rework_high,
    cast(coalesce(finished.finished_count, 0) as integer) as finished_count,
    finished.minutes_p50,
    finished.minutes_p90,
    cast(coalesce(finished.business_finished_count, 0) as integer) as business_finished_count,
    finished.business_minutes_p50,
    finished.business_minutes_p90,
    -- Where a process may end, who stays does not wait.
    {{ measured_count('not spine.may_end', 'ongoing.ongoing_count') }} as ongoing_count,
    coalesce(finished.finished_count, 0) < {{ var('min_n') }} as is_low_n,
    coalesce(entered.entry_count, 0) < {{ var('min_n') }} as is_rework_low_n
from spine
{%- for facts in ['entered', 'finished', 'ongoing'] %}
left join {{ facts }}
    on
        spine.as_of_date = {{ facts }}.as_of_date
        and spine.period_months = {{ facts }}.period_months
        and spine.process = {{ facts }}.process
        and spine.step = {{ facts }}.step
{%- endfor %}
where spine.measured_months > 0
