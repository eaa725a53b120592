{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and horizon (1 to 3 months), where opportunities were measured: how
    well the pipeline foretold what was won, over the last twelve months of which both are known.
    The forecast of a month is what was open so many months before, by amount and probability, and
    expected to close in it; what came true is all that was won in it. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ fact_windows(['opportunities'], [12]) }}

),

horizons as (

    select 1 as horizon_months
    union all
    select 2 as horizon_months
    union all
    select 3 as horizon_months

),

measured as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'opportunities' and measured_facts.is_measured

),

states as (

    select * from {{ ref('int_opportunity_states') }}

),

target_months as (

    select
        windows.as_of_date,
        windows.month_end,
        horizons.horizon_months,
        measured.as_of_date as forecast_month
    from windows
    cross join horizons
    inner join measured
        on
            {{ month_end_after('windows.month_end', '-horizons.horizon_months') }}
            = measured.as_of_date
    where windows.opportunities

),

forecast_months as (

    select distinct
        target_months.month_end,
        target_months.horizon_months,
        target_months.forecast_month
    from target_months

),

forecasts as (

    select
        forecast_months.month_end,
        forecast_months.horizon_months,
        sum(cast(round(states.amount * states.probability, 4) as decimal(18, 4)))
            as forecast_amount
    from forecast_months
    inner join states
        on
            {{ month_end('states.expected_close_date') }} = forecast_months.month_end
            and {{ holds_on(
                'forecast_months.forecast_month', 'states.from_month', 'states.to_month'
            ) }}
    where states.state = 'open'
    group by forecast_months.month_end, forecast_months.horizon_months

),

-- Once for each month end at which it is read: what was won may be recorded later.
actuals as (

    select
        windows.as_of_date,
        windows.month_end,
        sum(states.amount) as won_amount
    from windows
    inner join states
        on
            windows.month_end = states.closed_month
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    where states.state = 'won'
    group by windows.as_of_date, windows.month_end

),

compared as (

    select
        target_months.as_of_date,
        target_months.horizon_months,
        count(*) as month_count,
        sum(coalesce(forecasts.forecast_amount, 0)) as forecast_amount,
        sum(coalesce(actuals.won_amount, 0)) as won_amount,
        sum(abs(coalesce(forecasts.forecast_amount, 0) - coalesce(actuals.won_amount, 0)))
            as absolute_error
    from target_months
    left join forecasts
        on
            target_months.month_end = forecasts.month_end
            and target_months.horizon_months = forecasts.horizon_months
    left join actuals
        on
            target_months.as_of_date = actuals.as_of_date
            and target_months.month_end = actuals.month_end
    group by target_months.as_of_date, target_months.horizon_months

)

select
    compared.as_of_date,
    compared.horizon_months,
    cast(compared.month_count as integer) as month_count,
    cast(compared.forecast_amount as decimal(18, 4)) as forecast_amount,
    cast(compared.won_amount as decimal(18, 4)) as won_amount,
    {{ ratio('compared.absolute_error', 'compared.won_amount') }} as forecast_wape,
    {{ ratio('compared.forecast_amount - compared.won_amount', 'compared.won_amount') }}
        as forecast_bias
from compared
