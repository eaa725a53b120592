{#- Grain: one row per topic and day, from the first day on which tickets were measured. How many
    tickets were opened, as known at the day's month end: a day without tickets counts 0 where
    tickets were measured, and nothing where they were not. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

counted as (

    select
        ticket_states.topic,
        cast(ticket_states.created_at as date) as topic_date,
        count(*) as ticket_count,
        {{ count_when('ticket_states.severity = 1') }} as severe_count
    from {{ ref('int_ticket_states') }} as ticket_states
    where
        ticket_states.topic is not null
        and {{ holds_on(
            'ticket_states.created_month', 'ticket_states.from_month', 'ticket_states.to_month'
        ) }}
    group by ticket_states.topic, cast(ticket_states.created_at as date)

),

topics as (

    select
        counted.topic,
        {{ month_end('min(counted.topic_date)') }} as first_month
    from counted
    group by counted.topic

),

months as (

    select measured_facts.*
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'tickets'

),

first_days as (

    select
        cast({{ dbt.date_trunc('month', 'min(months.as_of_date)') }} as date) as first_day
    from months
    where months.is_measured

),

numbers as (

    {{ dbt.generate_series(20000) }}

),

days as (

    select
        cast(numbers.generated_number - 1 as integer) as day_number,
        cast(
            {{ dbt.dateadd(
                'day', 'cast(numbers.generated_number - 1 as integer)', 'first_days.first_day'
            ) }} as date
        ) as topic_date
    from first_days
    cross join numbers

)

select
    topics.topic,
    topics.first_month,
    days.topic_date,
    months.as_of_date,
    months.is_measured,
    cast(mod(days.day_number, 7) as integer) as weekday_number,
    cast(floor(days.day_number / 7) as integer) as week_number,
    cast(case when months.is_measured then coalesce(counted.ticket_count, 0) end as integer)
        as ticket_count,
    cast(case when months.is_measured then coalesce(counted.severe_count, 0) end as integer)
        as severe_count
from days
inner join run_window on days.topic_date <= run_window.last_month
inner join months on {{ month_end('days.topic_date') }} = months.as_of_date
cross join topics
left join counted
    on topics.topic = counted.topic and days.topic_date = counted.topic_date
