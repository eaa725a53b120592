{#- Grain: one row per month end from the history's first month to the run's last. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

numbers as (

    {{ dbt.generate_series(1200) }}

),

months as (

    select
        {{ month_end_after(
            'run_window.history_start', 'cast(numbers.generated_number - 1 as integer)'
        ) }} as as_of_date
    from run_window
    cross join numbers

)

select months.as_of_date
from months
inner join run_window on months.as_of_date <= run_window.last_month
