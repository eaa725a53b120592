{#- Grain: one row per business calendar and day, from the first day on which a ticket was opened.
    Holds the minutes of work so far, so that the business minutes between any two times are one
    subtraction, however long a ticket was open. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

first_days as (

    select min(cast(tickets.created_at as date)) as first_day
    from {{ ref('int_tickets') }} as tickets

),

numbers as (

    {{ dbt.generate_series(20000) }}

),

days as (

    select
        cast(
            {{ dbt.dateadd(
                'day', 'cast(numbers.generated_number - 1 as integer)', 'first_days.first_day'
            ) }} as date
        ) as business_date
    from first_days
    cross join numbers

),

weekdays as (

    select
        days.business_date,
        {{ iso_weekday('days.business_date') }} as weekday
    from days
    inner join run_window on days.business_date <= run_window.last_month

),

joined as (

    select
        business_hours.calendar_id,
        weekdays.business_date,
        business_hours.opens_minute,
        holidays.holiday_date is not null as is_holiday,
        case when holidays.holiday_date is null then business_hours.open_minutes else 0 end
            as open_minutes,
        case when business_hours.finding = 'calendar_without_hours' then 1 else 0 end
            as day_without_hours
    from weekdays
    inner join {{ ref('int_business_hours') }} as business_hours
        on
            weekdays.weekday = business_hours.weekday
            and {{ holds_on(
                'weekdays.business_date', 'business_hours.valid_from', 'business_hours.valid_to'
            ) }}
    left join {{ ref('stg_support__holidays') }} as holidays
        on
            business_hours.calendar_id = holidays.calendar_id
            and weekdays.business_date = holidays.holiday_date

)

select
    joined.calendar_id,
    joined.business_date,
    joined.is_holiday,
    joined.opens_minute,
    cast(joined.open_minutes as integer) as open_minutes,
    cast(sum(joined.open_minutes) over so_far - joined.open_minutes as bigint)
        as open_minutes_before,
    joined.day_without_hours = 1 as is_without_hours,
    cast(sum(joined.day_without_hours) over so_far as bigint) as days_without_hours
from joined
window so_far as (
    partition by joined.calendar_id order by joined.business_date
    rows between unbounded preceding and current row
)
