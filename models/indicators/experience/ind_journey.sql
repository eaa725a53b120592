{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, stage of the journey and cohort: the customers who reached the
    stage in one month of the last twelve, and those of all twelve. Who may still go on in time is
    pending; a cohort of which nothing is decided yet has no conversion, not one of 0. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ month_windows([12]) }}

),

cohorts as (

    select
        windows.as_of_date,
        'month' as cohort_kind,
        windows.month_end as cohort_month,
        windows.month_end
    from windows
    union all
    select
        windows.as_of_date,
        'last_12_months' as cohort_kind,
        windows.as_of_date as cohort_month,
        windows.month_end
    from windows

),

entries as (

    select journey_entries.*
    from {{ ref('int_journey_entries') }} as journey_entries

),

-- How long those took who went on, of all whose time was over in the last twelve months.
dwells as (

    select
        windows.as_of_date,
        entries.stage,
        percentile_cont({{ var('journey_dwell_share') }}) within group (
            order by entries.dwell_days
        ) as dwell_days_p90
    from entries
    inner join windows on entries.decided_month = windows.month_end
    where entries.dwell_days is not null
    group by windows.as_of_date, entries.stage

),

judged as (

    select
        cohorts.as_of_date,
        cohorts.cohort_kind,
        cohorts.cohort_month,
        entries.stage,
        entries.is_out_of_order,
        entries.decided_month <= cohorts.as_of_date as is_decided,
        case when entries.decided_month <= cohorts.as_of_date then entries.dwell_days end
            as dwell_days,
        case
            when entries.decided_month <= cohorts.as_of_date and dwells.dwell_days_p90 is not null
                then coalesce(entries.dwell_days > dwells.dwell_days_p90, true)
        end as is_dropped
    from entries
    inner join cohorts on entries.month_end = cohorts.month_end
    left join dwells
        on cohorts.as_of_date = dwells.as_of_date and entries.stage = dwells.stage

),

counted as (

    select
        judged.as_of_date,
        judged.cohort_kind,
        judged.cohort_month,
        judged.stage,
        count(*) as entered_count,
        {{ count_when('judged.is_decided') }} as decided_count,
        count(judged.dwell_days) as converted_count,
        percentile_cont(0.5) within group (order by judged.dwell_days) as dwell_days_p50,
        count(judged.is_dropped) as drop_off_cases,
        {{ count_when('judged.is_dropped') }} as dropped_count,
        {{ count_when('judged.is_out_of_order') }} as out_of_order_count
    from judged
    group by
        judged.as_of_date, judged.cohort_kind, judged.cohort_month, judged.stage

),

stages as (

    select
        journey_stages.stage,
        journey_stages.place,
        journey_stages.place = max(journey_stages.place) over () as is_last
    from {{ ref('journey_stages') }} as journey_stages

),

-- Nobody goes on from the last stage.
placed as (

    select
        counted.*,
        stages.place,
        case when not stages.is_last then counted.decided_count end as conversion_cases,
        case when not stages.is_last then counted.drop_off_cases end as lasting_cases
    from counted
    inner join stages on counted.stage = stages.stage

)

select
    placed.as_of_date,
    placed.cohort_kind,
    placed.cohort_month,
    placed.stage,
    placed.place,
    cast(placed.entered_count as integer) as entered_count,
    cast(placed.out_of_order_count as integer) as out_of_order_count,
    cast(placed.entered_count - placed.decided_count as integer) as pending_count,
    placed.entered_count = placed.decided_count as is_final,
    cast(placed.conversion_cases as integer) as conversion_cases,
    cast(case when placed.conversion_cases > 0 then placed.converted_count end as integer)
        as converted_count,
    {{ rate_columns('conversion', 'placed.converted_count', 'placed.conversion_cases') }},
    placed.dwell_days_p50,
    dwells.dwell_days_p90,
    cast(placed.lasting_cases as integer) as drop_off_cases,
    {{ rate_columns('drop_off', 'placed.dropped_count', 'placed.lasting_cases') }}
from placed
left join dwells on placed.as_of_date = dwells.as_of_date and placed.stage = dwells.stage
