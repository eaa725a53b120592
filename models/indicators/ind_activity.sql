{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: is the customer still a customer? By purchases: the
    last one is at most so many days ago, by the limit in force for the tier at that purchase. By
    contract: a subscription is in force, or ended within the grace. One of the two is enough. -#}
with run_months as (

    {{ run_months() }}

),

billing as (

    select systems.measured_from
    from {{ ref('stg_control__systems') }} as systems
    where systems.source_system = 'billing'

),

months as (

    {{ months_with_review() }}

),

windows as (

    select
        customer_windows.customer_id,
        customer_windows.as_of_date,
        customer_windows.first_purchase_date,
        customer_windows.last_purchase_date,
        customer_windows.days_since_purchase,
        months.review_date
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join months on customer_windows.as_of_date = months.as_of_date

),

-- No limit is longer than seven months, so an older purchase needs no tier and the cost of a month
-- does not grow with the history.
tiers as (

    select
        ind_value.customer_id,
        ind_value.as_of_date,
        ind_value.tier
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= {{ month_end_after('run_months.first_month', -7) }}
            and ind_value.as_of_date <= run_months.last_month

),

-- Before the first subscription of all, recurring revenue is not measured; after it, none is 0.
subscriptions as (

    select min(mrr_months.as_of_date) as first_month
    from {{ ref('int_mrr_months') }} as mrr_months

),

limits as (

    select
        windows.*,
        tiers.tier as tier_at_last_purchase,
        coalesce(activity_reviews.activity_days, {{ var('activity_days_max') }}) as activity_days
    from windows
    left join tiers
        on
            windows.customer_id = tiers.customer_id
            and {{ month_end('windows.last_purchase_date') }} = tiers.as_of_date
            and tiers.as_of_date >= {{ month_end_after('windows.as_of_date', -7) }}
    left join {{ ref('ind_activity_reviews') }} as activity_reviews
        on
            windows.review_date = activity_reviews.review_date
            and tiers.tier = activity_reviews.tier

)

select
    limits.customer_id,
    limits.as_of_date,
    limits.first_purchase_date,
    limits.last_purchase_date,
    mrr_months.first_subscribed_on,
    mrr_months.subscribed_until,
    limits.tier_at_last_purchase,
    limits.activity_days,
    case
        when limits.as_of_date >= subscriptions.first_month then coalesce(mrr_months.mrr, 0)
    end as mrr,
    coalesce(limits.days_since_purchase <= limits.activity_days, false) as is_active_by_purchase,
    coalesce(
        {{ days_between('mrr_months.subscribed_until', 'limits.as_of_date') }}
        <= {{ var('subscription_grace_days') }},
        false
    ) as is_active_by_contract,
    coalesce(limits.days_since_purchase <= limits.activity_days, false)
    or coalesce(
        {{ days_between('mrr_months.subscribed_until', 'limits.as_of_date') }}
        <= {{ var('subscription_grace_days') }},
        false
    ) as is_active
from limits
cross join subscriptions
left join {{ ref('int_mrr_months') }} as mrr_months
    on
        limits.customer_id = mrr_months.customer_id
        and limits.as_of_date = mrr_months.as_of_date
