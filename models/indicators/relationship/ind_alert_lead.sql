{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, rule (the alerts of relationship health, and no purchase for so
    many days) and value tier with one row `all`: does the rule warn before customers are lost,
    how early, and how often for nothing (handbook C5)? Losses are those known in the last twelve
    months. An alert is judged once its time is over: those opened from eighteen to six months
    before; later ones are pending, also when the loss has come already. -#}
{%- set wait = var('alert_outcome_months') -%}
{%- set rules = ['relationship_health', 'no_purchase'] -%}
with run_months as (

    {{ run_months() }}

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

lifecycle as (

    select
        ind_lifecycle.customer_id,
        ind_lifecycle.as_of_date as lost_on,
        coalesce(ind_value.tier, 'unknown') as tier,
        -- The end of the last subscription, unless something was bought after it; else the last
        -- purchase and the days that it holds for.
        case
            when
                ind_activity.subscribed_until is not null
                and coalesce(
                    ind_activity.last_purchase_date <= ind_activity.subscribed_until, true
                )
                then ind_activity.subscribed_until
            else cast(
                {{ dbt.dateadd(
                    'day', 'ind_activity.activity_days', 'ind_activity.last_purchase_date'
                ) }} as date
            )
        end as churned_on
    from {{ ref('ind_lifecycle') }} as ind_lifecycle
    inner join run_months
        on
            ind_lifecycle.as_of_date
            > {{ month_end_after('run_months.first_month', -12 - wait) }}
            and ind_lifecycle.as_of_date <= run_months.last_month
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            ind_lifecycle.customer_id = ind_activity.customer_id
            and ind_lifecycle.as_of_date = ind_activity.as_of_date
    left join {{ ref('ind_value') }} as ind_value
        on
            ind_lifecycle.customer_id = ind_value.customer_id
            and ind_value.as_of_date
            = {{ month_end_after('ind_lifecycle.as_of_date', -1) }}
    where ind_lifecycle.lost_since = ind_lifecycle.as_of_date

),

-- The episodes of both rules: when each opened, and the last month end on which it was open.
health_episodes as (

    select
        ind_relationship.customer_id,
        ind_relationship.alert_opened_on as opened_on,
        ind_relationship.as_of_date
    from {{ ref('ind_relationship') }} as ind_relationship
    inner join run_months
        on
            ind_relationship.as_of_date
            > {{ month_end_after('run_months.first_month', -24 - wait) }}
            and ind_relationship.as_of_date <= run_months.last_month
    where ind_relationship.alert_opened_on is not null

),

-- The first month end on which it was true follows from the last purchase alone.
silent_episodes as (

    select
        ind_activity.customer_id,
        {{ month_end(dbt.dateadd(
            'day', var('alert_rival_days') + 1, 'ind_activity.last_purchase_date'
        )) }} as opened_on,
        ind_activity.as_of_date
    from {{ ref('ind_activity') }} as ind_activity
    inner join run_months
        on
            ind_activity.as_of_date
            > {{ month_end_after('run_months.first_month', -24 - wait) }}
            and ind_activity.as_of_date <= run_months.last_month
    where
        ind_activity.is_active
        and {{ days_between('ind_activity.last_purchase_date', 'ind_activity.as_of_date') }}
        > {{ var('alert_rival_days') }}

),

open_months as (

    select
        'relationship_health' as rule,
        health_episodes.*
    from health_episodes
    union all
    select
        'no_purchase' as rule,
        silent_episodes.*
    from silent_episodes

),

-- The alert that was open before the day of the loss: one that was closed by then warned nobody.
warned as (

    select
        lifecycle.customer_id,
        lifecycle.lost_on,
        open_months.rule,
        max(open_months.opened_on) as opened_on
    from lifecycle
    inner join open_months
        on
            lifecycle.customer_id = open_months.customer_id
            and open_months.as_of_date
            = {{ month_end_after(month_end('lifecycle.churned_on'), -1) }}
    group by lifecycle.customer_id, lifecycle.lost_on, open_months.rule

),

rules as (

    {% for rule in rules -%}
    select '{{ rule }}' as rule
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

losses as (

    select
        rules.rule,
        lifecycle.tier,
        lifecycle.lost_on,
        {{ days_between('warned.opened_on', 'lifecycle.churned_on') }} as lead_days
    from lifecycle
    cross join rules
    left join warned
        on
            rules.rule = warned.rule
            and lifecycle.customer_id = warned.customer_id
            and lifecycle.lost_on = warned.lost_on

),

loss_counts as (

    select
        months.as_of_date,
        losses.rule,
        coalesce(losses.tier, 'all') as tier,
        count(*) as loss_count,
        count(losses.lead_days) as warned_count,
        sum(case when losses.lead_days >= {{ var('alert_in_time_days') }} then 1 else 0 end)
            as in_time_count,
        round(percentile_cont(0.5) within group (order by losses.lead_days), 6)
            as lead_days_median
    from months
    inner join losses
        on
            months.as_of_date >= losses.lost_on
            and {{ month_end_after('months.as_of_date', -12) }} < losses.lost_on
    group by months.as_of_date, losses.rule, cube(losses.tier)

),

-- An episode stands in the tier that its customer had when it opened.
openings as (

    select
        open_months.rule,
        open_months.customer_id,
        open_months.opened_on,
        coalesce(ind_value.tier, 'unknown') as tier,
        min(lifecycle.lost_on) as lost_on
    from open_months
    left join {{ ref('ind_value') }} as ind_value
        on
            open_months.customer_id = ind_value.customer_id
            and open_months.opened_on = ind_value.as_of_date
    left join lifecycle
        on
            open_months.customer_id = lifecycle.customer_id
            and open_months.opened_on < lifecycle.lost_on
    where open_months.as_of_date = open_months.opened_on
    group by
        open_months.rule, open_months.customer_id, open_months.opened_on,
        coalesce(ind_value.tier, 'unknown')

),

alert_counts as (

    select
        months.as_of_date,
        openings.rule,
        coalesce(openings.tier, 'all') as tier,
        sum(
            case
                when
                    openings.opened_on <= {{ month_end_after('months.as_of_date', -wait) }}
                    then 1
                else 0
            end
        ) as alert_count,
        sum(
            case
                when
                    openings.opened_on <= {{ month_end_after('months.as_of_date', -wait) }}
                    and openings.lost_on
                    <= {{ month_end_after('openings.opened_on', wait) }}
                    then 1
                else 0
            end
        ) as right_count,
        sum(
            case
                when
                    openings.opened_on > {{ month_end_after('months.as_of_date', -wait) }}
                    then 1
                else 0
            end
        ) as pending_count
    from months
    inner join openings
        on
            months.as_of_date >= openings.opened_on
            and {{ month_end_after('months.as_of_date', -12 - wait) }} < openings.opened_on
    group by months.as_of_date, openings.rule, cube(openings.tier)

),

spine as (

    select
        coalesce(loss_counts.as_of_date, alert_counts.as_of_date) as as_of_date,
        coalesce(loss_counts.rule, alert_counts.rule) as rule,
        coalesce(loss_counts.tier, alert_counts.tier) as tier,
        coalesce(loss_counts.loss_count, 0) as loss_count,
        coalesce(loss_counts.warned_count, 0) as warned_count,
        coalesce(loss_counts.in_time_count, 0) as in_time_count,
        loss_counts.lead_days_median,
        coalesce(alert_counts.alert_count, 0) as alert_count,
        coalesce(alert_counts.right_count, 0) as right_count,
        coalesce(alert_counts.pending_count, 0) as pending_count
    from loss_counts
    full outer join alert_counts
        on
            loss_counts.as_of_date = alert_counts.as_of_date
            and loss_counts.rule = alert_counts.rule
            and loss_counts.tier = alert_counts.tier

)

select
    spine.as_of_date,
    spine.rule,
    spine.tier,
    cast(spine.loss_count as integer) as loss_count,
    cast(spine.warned_count as integer) as warned_count,
    {{ rate_columns('recall', 'spine.warned_count', 'spine.loss_count') }},
    spine.lead_days_median,
    cast(spine.in_time_count as integer) as in_time_count,
    {{ rate_columns('in_time', 'spine.in_time_count', 'spine.warned_count') }},
    cast(spine.alert_count as integer) as alert_count,
    cast(spine.right_count as integer) as right_count,
    {{ rate_columns('precision', 'spine.right_count', 'spine.alert_count') }},
    cast(spine.pending_count as integer) as pending_count
from spine
