{#- Grain: one row per currency and span of days in which one rate holds, as known at the end of the
    run's last month. The reporting currency stands among them with rate 1. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

ranked as (

    select
        exchange_rates.currency_code,
        cast(exchange_rates.valid_from as date) as valid_from,
        exchange_rates.rate,
        -- Codes that differ only in writing are one currency.
        row_number() over (
            partition by exchange_rates.currency_code, exchange_rates.valid_from
            order by exchange_rates.rate desc
        ) as rate_rank
    from {{ ref('stg_billing__exchange_rates') }} as exchange_rates
    inner join run_window on exchange_rates.valid_from <= run_window.last_month
    where exchange_rates.currency_code <> {{ reporting_currency() }}

)

select
    ranked.currency_code,
    ranked.valid_from,
    lead(ranked.valid_from) over (
        partition by ranked.currency_code order by ranked.valid_from
    ) as valid_to,
    cast(ranked.rate as decimal(18, 8)) as rate
from ranked
where ranked.rate_rank = 1
union all
select
    {{ reporting_currency() }} as currency_code,
    cast('1900-01-01' as date) as valid_from,
    cast(null as date) as valid_to,
    cast(1 as decimal(18, 8)) as rate
from run_window
