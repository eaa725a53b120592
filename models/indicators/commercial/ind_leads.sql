{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months) and channel, also `all`, where leads were
    measured. A lead belongs to the month in which it came in, so that a rate is of one cohort;
    those that have not yet had `lead_conversion_days` are pending, converted or not. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ fact_windows(['leads'], [1, 12]) }}

),

opportunities as (

    select
        states.lead_id,
        min(cast(states.created_at as date)) as opened_on,
        min(states.from_month) as known_month
    from {{ ref('int_opportunity_states') }} as states
    where states.lead_id is not null
    group by states.lead_id

),

spend_entries as (

    select
        channel_spend.channel,
        {{ month_end('channel_spend.spend_month') }} as month_end,
        {{ in_reporting_currency(
            'channel_spend.amount', 'channel_spend.currency_code', 'rate_days.rate'
        ) }} as amount
    from {{ ref('stg_marketing__channel_spend') }} as channel_spend
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            channel_spend.currency_code = rate_days.currency_code
            and channel_spend.spend_month = rate_days.rate_day

),

-- Spend of a month is known at its end; a channel without an entry has none recorded, not none.
spend as (

    select
        windows.as_of_date,
        windows.period_months,
        coalesce(spend_entries.channel, 'all') as channel,
        sum(spend_entries.amount) as channel_spend
    from windows
    inner join spend_entries on windows.month_end = spend_entries.month_end
    where windows.leads
    group by windows.as_of_date, windows.period_months, rollup(spend_entries.channel)

),

leads as (

    select
        windows.as_of_date,
        windows.period_months,
        coalesce(leads.channel, 'unknown') as channel,
        case when leads.responded_month <= windows.as_of_date then leads.response_minutes end
            as response_minutes,
        coalesce(leads.responded_month <= windows.as_of_date, false) as is_responded,
        cast(leads.created_at as date)
        <= {{ dbt.dateadd('day', -var('lead_conversion_days'), 'windows.as_of_date') }} as is_final,
        coalesce(
            leads.converted_month <= windows.as_of_date
            and cast(leads.converted_at as date) <= {{ dbt.dateadd(
                'day', var('lead_conversion_days'), 'cast(leads.created_at as date)'
            ) }},
            false
        ) as is_converted,
        coalesce(
            opportunities.known_month <= windows.as_of_date
            and opportunities.opened_on <= {{ dbt.dateadd(
                'day', var('lead_conversion_days'), 'cast(leads.created_at as date)'
            ) }},
            false
        ) as has_opportunity
    from {{ ref('int_leads') }} as leads
    inner join windows
        on
            leads.created_month = windows.month_end
            and leads.known_month <= windows.as_of_date
    left join opportunities on leads.lead_id = opportunities.lead_id
    where windows.leads

),

counted as (

    select
        leads.as_of_date,
        leads.period_months,
        coalesce(leads.channel, 'all') as channel,
        count(*) as lead_count,
        {{ count_when('leads.is_responded') }} as responded_count,
        count(leads.response_minutes) as timed_count,
        sum(leads.response_minutes) as response_minutes,
        percentile_cont(0.5) within group (order by leads.response_minutes)
            as response_minutes_p50,
        {{ count_when('leads.is_final') }} as final_count,
        {{ count_when('leads.is_final and leads.is_converted') }} as converted_count,
        {{ count_when('leads.is_final and leads.has_opportunity') }} as opportunity_count,
        {{ count_when('not leads.is_final') }} as pending_count
    from leads
    group by leads.as_of_date, leads.period_months, rollup(leads.channel)

)

select
    counted.as_of_date,
    counted.period_months,
    counted.channel,
    cast(counted.lead_count as integer) as lead_count,
    cast(counted.responded_count as integer) as responded_count,
    {{ ratio('counted.response_minutes', 'counted.timed_count') }} as response_minutes_mean,
    counted.response_minutes_p50,
    cast(counted.final_count as integer) as conversion_cases,
    cast(counted.converted_count as integer) as converted_count,
    {{ rate_columns('conversion', 'counted.converted_count', 'counted.final_count') }},
    cast(counted.pending_count as integer) as conversion_pending_count,
    {{ rate_columns('opportunity', 'counted.opportunity_count', 'counted.final_count') }},
    cast(spend.channel_spend as decimal(18, 4)) as channel_spend,
    {{ ratio('spend.channel_spend', 'counted.lead_count') }} as cost_per_lead
from counted
left join spend
    on
        counted.as_of_date = spend.as_of_date
        and counted.period_months = spend.period_months
        and counted.channel = spend.channel
