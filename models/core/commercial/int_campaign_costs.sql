{#- Grain: one row per campaign and month end with a cost booked on it, in the reporting currency at
    the rate of the day it was booked. An entry without a rate has no amount and is counted: the
    cost of its campaign is then not known. Costs of winning customers (`int_costs`) do not read
    this: the same invoice may stand in both, so that the two are never added. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

entries as (

    select
        campaign_costs.campaign_id,
        {{ month_end('campaign_costs.booked_on') }} as month_end,
        {{ in_reporting_currency(
            'campaign_costs.amount', 'campaign_costs.currency_code', 'rate_days.rate'
        ) }} as amount
    from {{ ref('stg_marketing__campaign_costs') }} as campaign_costs
    inner join run_window on campaign_costs.booked_on <= run_window.last_month
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            campaign_costs.currency_code = rate_days.currency_code
            and campaign_costs.booked_on = rate_days.rate_day

)

select
    entries.campaign_id,
    entries.month_end,
    cast(coalesce(sum(entries.amount), 0) as decimal(18, 4)) as amount,
    cast(count(*) as integer) as entry_count,
    cast(count(*) - count(entries.amount) as integer) as unpriced_count
from entries
group by entries.campaign_id, entries.month_end
