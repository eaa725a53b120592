{#- Grain: one row per business calendar, span of days with equal hours, and weekday. A weekday for
    which nothing is declared is closed; a calendar that is never open is a finding, since no minute
    of a service level ever passes in it. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

hours as (

    select business_calendars.*
    from {{ ref('stg_support__business_calendars') }} as business_calendars
    inner join run_window on business_calendars.valid_from <= run_window.last_month

),

policies as (

    select
        sla_policies.calendar_id,
        min(sla_policies.valid_from) as valid_from
    from {{ ref('stg_support__sla_policies') }} as sla_policies
    inner join run_window on sla_policies.valid_from <= run_window.last_month
    group by sla_policies.calendar_id

),

starts as (

    select
        hours.calendar_id,
        hours.valid_from
    from hours
    union
    select
        policies.calendar_id,
        policies.valid_from
    from policies
    left join hours on policies.calendar_id = hours.calendar_id
    where hours.calendar_id is null

),

spans as (

    select
        starts.calendar_id,
        starts.valid_from,
        lead(starts.valid_from) over (
            partition by starts.calendar_id order by starts.valid_from
        ) as valid_to
    from starts

),

weekdays as (

    {{ dbt.generate_series(7) }}

),

declared as (

    select
        spans.calendar_id,
        spans.valid_from,
        spans.valid_to,
        cast(weekdays.generated_number as integer) as weekday,
        hours.opens_minute,
        hours.closes_minute,
        coalesce(hours.closes_minute > hours.opens_minute, false) as is_open,
        coalesce(hours.closes_minute <= hours.opens_minute, false) as is_closed_before_open
    from spans
    cross join weekdays
    left join hours
        on
            spans.calendar_id = hours.calendar_id
            and weekdays.generated_number = hours.weekday
            and {{ holds_on('spans.valid_from', 'hours.valid_from', 'hours.valid_to') }}

),

weighed as (

    select
        declared.*,
        sum(case when declared.is_open then 1 else 0 end) over (
            partition by declared.calendar_id, declared.valid_from
        ) as open_day_count
    from declared

)

select
    weighed.calendar_id,
    weighed.valid_from,
    weighed.valid_to,
    weighed.weekday,
    weighed.is_open,
    case when weighed.is_open then weighed.opens_minute end as opens_minute,
    case when weighed.is_open then weighed.closes_minute end as closes_minute,
    case when weighed.is_open then weighed.closes_minute - weighed.opens_minute else 0 end
        as open_minutes,
    case
        when weighed.open_day_count = 0 then 'calendar_without_hours'
        when weighed.is_closed_before_open then 'hours_end_before_they_begin'
    end as finding
from weighed
