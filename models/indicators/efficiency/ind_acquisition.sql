{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months), acquisition channel and value tier, each
    also `all`, and `none` for what cannot be assigned: what winning customers cost (handbook C6).

    A month's new customers stand against the costs of so many months before as a lead needs to be
    won. Cost without a channel goes to channels by their share of that month's touches of
    prospects; cost without a tier to tiers by their share of the channel's new customers. -#}
with run_months as (

    {{ run_months() }}

),

billing as (

    select systems.measured_from
    from {{ ref('stg_control__systems') }} as systems
    where systems.source_system = 'billing'

),

won_leads as (

    select
        leads.lead_id,
        {{ month_end('max(leads.converted_at)') }} as converted_month,
        {{ month_end('min(leads.valid_from)') }} as known_month,
        {{ days_between(
            'cast(min(leads.created_at) as date)', 'cast(min(leads.converted_at) as date)'
        ) }} as days_to_win
    from {{ ref('stg_crm__leads') }} as leads
    where leads.converted_at is not null
    group by leads.lead_id

),

lags as (

    select
        months.as_of_date,
        coalesce(
            cast(
                round(
                    percentile_disc(0.5) within group (order by won_leads.days_to_win)
                    * 12 / cast(365.25 as double)
                ) as integer
            ),
            {{ var('acquisition_lag_without_leads') }}
        ) as lag_months
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    left join won_leads
        on
            months.as_of_date >= greatest(won_leads.known_month, won_leads.converted_month)
            and won_leads.converted_month > {{ month_end_after('months.as_of_date', -12) }}
            and won_leads.days_to_win >= 0
    group by months.as_of_date

),

costs as (

    select
        costs.month_end,
        costs.channel,
        costs.tier,
        case
            when costs.cost_source = 'channel_spend' then 'media'
            when costs.cost_kind in ('sales_pay', 'marketing_pay') then 'pay'
            else 'other'
        end as component,
        sum(costs.amount) as amount
    from {{ ref('int_costs') }} as costs
    where costs.purpose = 'acquisition'
    group by
        costs.month_end,
        costs.channel,
        costs.tier,
        case
            when costs.cost_source = 'channel_spend' then 'media'
            when costs.cost_kind in ('sales_pay', 'marketing_pay') then 'pay'
            else 'other'
        end

),

sources as (

    select
        costs.month_end,
        count(distinct costs.cost_source) as source_count
    from {{ ref('int_costs') }} as costs
    where costs.purpose = 'acquisition'
    group by costs.month_end

),

periods as (

    select 1 as period_months
    union all
    select 12 as period_months

),

-- In the first months of the data nobody is known to be new, so they stand against no cost.
pairs as (

    select
        lags.as_of_date,
        periods.period_months,
        lags.lag_months,
        months.as_of_date as won_month,
        sources.month_end as cost_month,
        sources.source_count
    from lags
    cross join periods
    cross join billing
    inner join {{ ref('int_months') }} as months
        on
            lags.as_of_date >= months.as_of_date
            and months.as_of_date
            > {{ month_end_after('lags.as_of_date', '-periods.period_months') }}
            and {{ dbt.date_trunc('month', 'months.as_of_date') }}
            >= {{ dbt.dateadd('day', var('tenure_censor_days'), 'billing.measured_from') }}
    inner join sources
        on sources.month_end = {{ month_end_after('months.as_of_date', '-lags.lag_months') }}

),

measured as (

    select
        pairs.as_of_date,
        pairs.period_months,
        max(pairs.lag_months) as lag_months,
        count(*) as measured_months,
        min(pairs.source_count) = 2 as is_fully_loaded
    from pairs
    group by pairs.as_of_date, pairs.period_months

),

-- Touches of prospects: a lead's first contact, and what campaigns sent to leads.
first_contacts as (

    select
        leads.lead_id,
        lower(leads.channel) as channel,
        {{ month_end('greatest(leads.created_at, leads.valid_from)') }} as month_end,
        row_number() over (
            partition by leads.lead_id order by leads.valid_from
        ) as version_number
    from {{ ref('stg_crm__leads') }} as leads

),

prospect_touches as (

    select
        first_contacts.month_end,
        first_contacts.channel
    from first_contacts
    where first_contacts.version_number = 1 and first_contacts.channel is not null
    union all
    select
        {{ month_end('touches.touched_at') }} as month_end,
        lower(touches.channel) as channel
    from {{ ref('stg_marketing__touches') }} as touches
    where touches.lead_id is not null and touches.is_delivered

),

touches as (

    select
        prospect_touches.month_end,
        prospect_touches.channel,
        count(*) as touch_count,
        sum(count(*)) over (partition by prospect_touches.month_end) as all_touch_count
    from prospect_touches
    group by prospect_touches.month_end, prospect_touches.channel

),

by_channel as (

    select
        costs.month_end,
        coalesce(costs.channel, touches.channel) as channel,
        costs.tier,
        costs.component,
        costs.channel is null as is_shared,
        case
            when costs.channel is null and touches.channel is not null
                then cast(
                    round(
                        costs.amount
                        * {{ ratio('touches.touch_count', 'touches.all_touch_count') }},
                        6
                    ) as decimal(18, 6)
                )
            else cast(costs.amount as decimal(18, 6))
        end as amount
    from costs
    left join touches on costs.month_end = touches.month_end and costs.channel is null

),

windowed as (

    select
        pairs.as_of_date,
        pairs.period_months,
        by_channel.channel,
        by_channel.tier,
        by_channel.component,
        by_channel.is_shared,
        sum(by_channel.amount) as amount
    from by_channel
    inner join pairs on by_channel.month_end = pairs.cost_month
    group by
        pairs.as_of_date, pairs.period_months, by_channel.channel, by_channel.tier,
        by_channel.component, by_channel.is_shared

),

won as (

    select
        customers_won.as_of_date as won_month,
        customers_won.channel,
        customers_won.tier,
        count(*) as new_customer_count
    from {{ ref('ind_customers_won') }} as customers_won
    group by customers_won.as_of_date, customers_won.channel, customers_won.tier

),

new_customers as (

    select
        pairs.as_of_date,
        pairs.period_months,
        won.channel,
        won.tier,
        sum(won.new_customer_count) as new_customer_count,
        sum(sum(won.new_customer_count)) over (
            partition by pairs.as_of_date, pairs.period_months, won.channel
        ) as channel_customer_count
    from won
    inner join pairs on won.won_month = pairs.won_month
    group by pairs.as_of_date, pairs.period_months, won.channel, won.tier

),

facts as (

    select
        windowed.as_of_date,
        windowed.period_months,
        coalesce(windowed.channel, 'none') as channel,
        coalesce(windowed.tier, new_customers.tier, 'none') as tier,
        windowed.component,
        windowed.is_shared,
        case
            when windowed.tier is null and new_customers.tier is not null
                then cast(
                    round(
                        windowed.amount * {{ ratio(
                            'new_customers.new_customer_count',
                            'new_customers.channel_customer_count'
                        ) }}, 6
                    ) as decimal(18, 6)
                )
            else windowed.amount
        end as amount,
        0 as new_customer_count
    from windowed
    left join new_customers
        on
            windowed.as_of_date = new_customers.as_of_date
            and windowed.period_months = new_customers.period_months
            and windowed.channel = new_customers.channel
            and windowed.tier is null
    union all
    select
        new_customers.as_of_date,
        new_customers.period_months,
        new_customers.channel,
        new_customers.tier,
        cast(null as varchar) as component,
        false as is_shared,
        cast(0 as decimal(18, 6)) as amount,
        new_customers.new_customer_count
    from new_customers

),

groups as (

    select
        facts.as_of_date,
        facts.period_months,
        coalesce(facts.channel, 'all') as channel,
        coalesce(facts.tier, 'all') as tier,
        {%- for component in ['media', 'pay', 'other'] %}
        sum(case when facts.component = '{{ component }}' then facts.amount else 0 end)
            as {{ component }}_cost,
        {%- endfor %}
        sum(facts.amount) as acquisition_cost,
        sum(case when facts.is_shared then facts.amount else 0 end) as shared_cost,
        sum(facts.new_customer_count) as new_customer_count
    from facts
    group by facts.as_of_date, facts.period_months, cube(facts.channel, facts.tier)

),

-- What a customer of the tier brings in a month, over the twelve months to the month end.
brought as (

    select
        months.as_of_date,
        tier_months.tier,
        {{ ratio('sum(tier_months.revenue)', 'sum(tier_months.active_customer_count)') }}
            as monthly_revenue_per_customer,
        {{ group_margin_ratio(
            'max(case when tier_months.as_of_date = months.as_of_date '
            ~ 'then tier_months.gross_margin_12m end)',
            'max(case when tier_months.as_of_date = months.as_of_date '
            ~ 'then tier_months.margin_revenue_12m end)'
        ) }} as gross_margin_ratio
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    inner join {{ ref('ind_tier_months') }} as tier_months
        on
            months.as_of_date >= tier_months.as_of_date
            and tier_months.as_of_date > {{ month_end_after('months.as_of_date', -12) }}
    group by months.as_of_date, tier_months.tier

),

costed as (

    select
        groups.*,
        measured.lag_months,
        measured.measured_months,
        measured.is_fully_loaded,
        {{ ratio('groups.acquisition_cost', 'groups.new_customer_count') }}
            as acquisition_cost_per_customer,
        brought.monthly_revenue_per_customer,
        brought.gross_margin_ratio,
        brought.monthly_revenue_per_customer * brought.gross_margin_ratio as monthly_margin
    from groups
    inner join measured
        on
            groups.as_of_date = measured.as_of_date
            and groups.period_months = measured.period_months
    left join brought
        on groups.as_of_date = brought.as_of_date and groups.tier = brought.tier

)

select
    costed.as_of_date,
    costed.period_months,
    costed.channel,
    costed.tier,
    cast(costed.lag_months as integer) as lag_months,
    cast(costed.measured_months as integer) as measured_months,
    costed.is_fully_loaded,
    cast(costed.media_cost as decimal(18, 4)) as media_cost,
    cast(costed.pay_cost as decimal(18, 4)) as pay_cost,
    cast(costed.other_cost as decimal(18, 4)) as other_cost,
    cast(costed.acquisition_cost as decimal(18, 4)) as acquisition_cost,
    cast(costed.shared_cost as decimal(18, 4)) as shared_cost,
    cast(costed.new_customer_count as integer) as new_customer_count,
    costed.acquisition_cost_per_customer,
    costed.monthly_revenue_per_customer,
    costed.gross_margin_ratio,
    case
        when costed.monthly_margin > 0 and costed.acquisition_cost > 0
            then {{ ratio('costed.acquisition_cost_per_customer', 'costed.monthly_margin') }}
    end as payback_months,
    costed.new_customer_count < {{ var('min_n') }} as is_low_n
from costed
