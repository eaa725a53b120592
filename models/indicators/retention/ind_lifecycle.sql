{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: where the customer stands in the life cycle (handbook
    C4). Once lost, only a purchase or a subscription after that ends it, even where a later review
    allows longer gaps. A fold over months: what a month needs of the past stands in the row of the
    month before. -#}
with run_months as (

    {{ run_months() }}

),

carried as (

    {% if is_incremental() -%}
    select
        this_table.customer_id,
        this_table.is_lost,
        this_table.lost_since,
        this_table.won_back_on
    from {{ this }} as this_table
    inner join run_months
        on this_table.as_of_date = {{ month_end_after('run_months.first_month', -1) }}
    {%- else -%}
    select
        cast(null as varchar) as customer_id,
        cast(null as boolean) as is_lost,
        cast(null as date) as lost_since,
        cast(null as date) as won_back_on
    from run_months
    where 1 = 0
    {%- endif %}

),

purchases as (

    select
        purchases.customer_id,
        purchases.month_end,
        min(purchases.purchase_date) as returned_on
    from {{ ref('int_purchases') }} as purchases
    inner join run_months
        on
            purchases.month_end >= run_months.first_month
            and purchases.month_end <= run_months.last_month
    group by purchases.customer_id, purchases.month_end

),

subscribed as (

    select
        spans.customer_id,
        {{ month_end('spans.valid_from') }} as month_end,
        min(spans.valid_from) as returned_on
    from {{ ref('int_subscription_spans') }} as spans
    inner join run_months
        on {{ in_run_months('spans.valid_from') }}
    where spans.exclusion_reason is null and spans.quantity > 0
    group by spans.customer_id, {{ month_end('spans.valid_from') }}

),

activity as (

    select
        ind_activity.customer_id,
        ind_activity.as_of_date,
        ind_activity.is_active,
        least(ind_activity.first_purchase_date, ind_activity.first_subscribed_on)
            as first_active_date,
        customer_windows.is_tenure_censored,
        least(purchases.returned_on, subscribed.returned_on) as returned_on,
        carried.is_lost as carried_is_lost,
        carried.lost_since as carried_lost_since,
        carried.won_back_on as carried_won_back_on
    from {{ ref('ind_activity') }} as ind_activity
    inner join run_months
        on
            ind_activity.as_of_date >= run_months.first_month
            and ind_activity.as_of_date <= run_months.last_month
    inner join {{ ref('int_customer_windows') }} as customer_windows
        on
            ind_activity.customer_id = customer_windows.customer_id
            and ind_activity.as_of_date = customer_windows.as_of_date
    left join purchases
        on
            ind_activity.customer_id = purchases.customer_id
            and ind_activity.as_of_date = purchases.month_end
    left join subscribed
        on
            ind_activity.customer_id = subscribed.customer_id
            and ind_activity.as_of_date = subscribed.month_end
    left join carried on ind_activity.customer_id = carried.customer_id

),

-- A spell begins with a month in which the customer bought or subscribed.
spells as (

    select
        activity.*,
        count(activity.returned_on) over (
            partition by activity.customer_id order by activity.as_of_date
            rows between unbounded preceding and current row
        ) as spell
    from activity

),

-- Within a spell nothing but the first idle month end counts: from then on the customer is lost.
lost as (

    select
        spells.*,
        case
            when spells.spell = 0 and coalesce(spells.carried_is_lost, false)
                then spells.carried_lost_since
            else min(
                case
                    when spells.first_active_date is not null and not spells.is_active
                        then spells.as_of_date
                end
            ) over (
                partition by spells.customer_id, spells.spell order by spells.as_of_date
                rows between unbounded preceding and current row
            )
        end as lost_since
    from spells

),

-- Who was lost at the month end before and is not any more was won back on the day of the return.
compared as (

    select
        lost.*,
        lag(lost.lost_since, 1, lost.carried_lost_since) over (
            partition by lost.customer_id order by lost.as_of_date
        ) as previous_lost_since
    from lost

),

returns as (

    select
        compared.*,
        case
            when compared.lost_since is null and compared.previous_lost_since is not null
                then compared.returned_on
        end as returned_from_loss_on
    from compared

),

won_back as (

    select
        returns.*,
        coalesce(
            max(returns.returned_from_loss_on) over (
                partition by returns.customer_id order by returns.as_of_date
                rows between unbounded preceding and current row
            ),
            returns.carried_won_back_on
        ) as won_back_on
    from returns

)

select
    won_back.customer_id,
    won_back.as_of_date,
    case
        when won_back.first_active_date is null then 'potential'
        when won_back.lost_since is not null then 'lost'
        when
            {{ days_between('won_back.won_back_on', 'won_back.as_of_date') }}
            < {{ var('new_customer_days') }}
            then 'won_back'
        when
            not won_back.is_tenure_censored
            and {{ days_between('won_back.first_active_date', 'won_back.as_of_date') }}
            < {{ var('new_customer_days') }}
            then 'new'
        else 'mature'
    end as lifecycle_state,
    won_back.lost_since is not null as is_lost,
    won_back.lost_since,
    won_back.won_back_on,
    case when won_back.returned_from_loss_on is not null then won_back.previous_lost_since end
        as won_back_from_loss,
    won_back.first_active_date
from won_back
