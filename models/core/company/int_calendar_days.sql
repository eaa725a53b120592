{#- Grain: one row per day from the first month of the history to the run's last: the time that
    metrics are read over. -#}
with run_window as (

    select
        cast({{ dbt.date_trunc('month', 'run_window.history_start') }} as date) as first_day,
        run_window.last_month
    from {{ ref('stg_control__run_window') }} as run_window

),

numbers as (

    -- A hundred years of days.
    {{ dbt.generate_series(36525) }}

),

days as (

    select
        cast({{ dbt.dateadd(
            'day', 'cast(numbers.generated_number - 1 as integer)', 'run_window.first_day'
        ) }} as date) as date_day,
        run_window.last_month
    from run_window
    cross join numbers

)

select days.date_day
from days
where days.date_day <= days.last_month
