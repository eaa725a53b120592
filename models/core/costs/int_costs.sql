{#- Grain: one row per month end, source, kind, purpose, channel and tier of cost, in the reporting
    currency at the rate of the month's first day. What the ledger and marketing's spend both tell
    is counted once: a tool that marketing names for a channel and month is not taken from the
    ledger again. What the purposes do not name is for none. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

spend as (

    select
        {{ month_end('channel_spend.spend_month') }} as month_end,
        'channel_spend' as cost_source,
        channel_spend.spend_kind as cost_kind,
        'acquisition' as purpose,
        lower(channel_spend.channel) as channel,
        cast(null as varchar) as tier,
        channel_spend.amount,
        channel_spend.currency_code,
        cast(channel_spend.spend_month as date) as cost_day
    from {{ ref('stg_marketing__channel_spend') }} as channel_spend

),

tools_in_spend as (

    select distinct
        spend.month_end,
        spend.channel
    from spend
    where spend.cost_kind = 'tools'

),

entries as (

    select
        {{ month_end('cost_entries.cost_month') }} as month_end,
        'ledger' as cost_source,
        cost_entries.cost_kind,
        coalesce(of_department.purpose, of_kind.purpose, 'none') as purpose,
        lower(cost_entries.channel) as channel,
        cost_entries.tier,
        cost_entries.amount,
        cost_entries.currency_code,
        cast(cost_entries.cost_month as date) as cost_day
    from {{ ref('stg_organisation__cost_entries') }} as cost_entries
    left join {{ ref('cost_purposes') }} as of_department
        on
            cost_entries.cost_kind = of_department.cost_kind
            and lower(cost_entries.department) = of_department.department
    left join {{ ref('cost_purposes') }} as of_kind
        on cost_entries.cost_kind = of_kind.cost_kind and of_kind.department is null

),

costs as (

    select * from spend
    union all
    select entries.*
    from entries
    left join tools_in_spend
        on
            entries.month_end = tools_in_spend.month_end
            and entries.channel = tools_in_spend.channel
            and entries.cost_kind = 'tools'
    where tools_in_spend.channel is null

)

select
    costs.month_end,
    costs.cost_source,
    costs.cost_kind,
    costs.purpose,
    costs.channel,
    costs.tier,
    cast(
        sum({{ in_reporting_currency('costs.amount', 'costs.currency_code', 'rate_days.rate') }})
        as decimal(18, 4)
    ) as amount
from costs
inner join run_window on costs.month_end <= run_window.last_month
left join {{ ref('int_exchange_rate_days') }} as rate_days
    on costs.currency_code = rate_days.currency_code and costs.cost_day = rate_days.rate_day
group by
    costs.month_end, costs.cost_source, costs.cost_kind, costs.purpose, costs.channel, costs.tier
