{#- Grain: one row per foreign currency and day, from the currency's first rate to the newest
    billing fact. Currencies times days are few, so that millions of documents find the rate of
    their day by equality; a join on spans of days would compare each with every rate. A day takes
    the newest rate on or before it, so no row changes when later rates come. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

last_days as (

    -- Billing may already have sent days of the month after the run's last.
    select max(
        case
            when systems.complete_to > run_window.last_month then systems.complete_to
            else run_window.last_month
        end
    ) as last_day
    from run_window
    left join {{ ref('stg_control__systems') }} as systems on systems.source_system = 'billing'

),

ranked as (

    select
        exchange_rates.currency_code,
        cast(exchange_rates.valid_from as date) as rate_day,
        exchange_rates.rate,
        row_number() over (
            partition by exchange_rates.currency_code, exchange_rates.valid_from
            order by exchange_rates.rate desc
        ) as rate_rank
    from {{ ref('stg_billing__exchange_rates') }} as exchange_rates
    where exchange_rates.currency_code <> {{ reporting_currency() }}

),

rates as (

    select
        ranked.currency_code,
        ranked.rate_day,
        ranked.rate
    from ranked
    where ranked.rate_rank = 1

),

first_days as (

    select
        rates.currency_code,
        min(rates.rate_day) as first_day
    from rates
    group by rates.currency_code

),

numbers as (

    -- A hundred years of days.
    {{ dbt.generate_series(36525) }}

),

days as (

    select
        first_days.currency_code,
        cast({{ dbt.dateadd(
            'day', 'cast(numbers.generated_number - 1 as integer)', 'first_days.first_day'
        ) }} as date) as rate_day
    from first_days
    cross join numbers

),

dated as (

    select
        days.currency_code,
        days.rate_day,
        max(rates.rate_day) over (
            partition by days.currency_code
            order by days.rate_day
            rows between unbounded preceding and current row
        ) as valid_from
    from days
    inner join last_days on days.rate_day <= last_days.last_day
    left join rates
        on days.currency_code = rates.currency_code and days.rate_day = rates.rate_day

)

select
    dated.currency_code,
    dated.rate_day,
    cast(rates.rate as decimal(18, 8)) as rate
from dated
inner join rates
    on dated.currency_code = rates.currency_code and dated.valid_from = rates.rate_day
