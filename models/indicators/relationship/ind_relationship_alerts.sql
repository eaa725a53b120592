{#- Grain: one row per alert, as known at the end of the run's last month: of a customer (one per
    episode) or of a whole tier, whose interactions fell together (handbook C5). -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

customer_months as (

    select
        ind_relationship.customer_id,
        ind_relationship.as_of_date,
        ind_relationship.alert_opened_on,
        ind_relationship.alert_opening_rules,
        ind_relationship.alert_rules_now
    from {{ ref('ind_relationship') }} as ind_relationship
    inner join run_window on ind_relationship.as_of_date <= run_window.last_month
    where ind_relationship.alert_opened_on is not null

),

customer_episodes as (

    select
        customer_months.customer_id,
        customer_months.alert_opened_on as opened_on,
        max(customer_months.alert_opening_rules) as opening_rules,
        max(customer_months.as_of_date) as last_open_on,
        max(
            case
                when customer_months.alert_rules_now is not null then customer_months.as_of_date
            end
        ) as last_alarming_on,
        count(*) as month_count
    from customer_months
    group by customer_months.customer_id, customer_months.alert_opened_on

),

customer_alerts as (

    select
        'customer' as alert_scope,
        customer_episodes.customer_id,
        ind_value.tier,
        customer_episodes.opened_on,
        {{ alert_rule_names('customer_episodes.opening_rules') }} as opened_by,
        case
            when customer_episodes.last_open_on < run_window.last_month
                then {{ month_end_after('customer_episodes.last_open_on', 1) }}
        end as closed_on,
        customer_episodes.last_alarming_on,
        customer_episodes.month_count,
        health.relationship_health as health_at_opening,
        health.interaction_score_adjusted as interaction_score_at_opening,
        ind_value.revenue_12m as revenue_12m_at_opening
    from customer_episodes
    cross join run_window
    left join {{ ref('ind_value') }} as ind_value
        on
            customer_episodes.customer_id = ind_value.customer_id
            and customer_episodes.opened_on = ind_value.as_of_date
    left join {{ ref('ind_relationship') }} as health
        on
            customer_episodes.customer_id = health.customer_id
            and customer_episodes.opened_on = health.as_of_date

),

closings as (

    select
        customer_alerts.*,
        case
            when customer_alerts.closed_on is null then null
            when ind_activity.is_active then 'two_quiet_months'
            else 'customer_lost'
        end as closed_by
    from customer_alerts
    left join {{ ref('ind_activity') }} as ind_activity
        on
            customer_alerts.customer_id = ind_activity.customer_id
            and customer_alerts.closed_on = ind_activity.as_of_date

),

tier_months as (

    select
        ind_value.tier,
        ind_relationship.as_of_date,
        max(ind_relationship.tier_interaction_score) as interaction_score,
        sum(ind_value.revenue_12m) as revenue_12m
    from {{ ref('ind_relationship') }} as ind_relationship
    inner join run_window on ind_relationship.as_of_date <= run_window.last_month
    inner join {{ ref('ind_value') }} as ind_value
        on
            ind_relationship.customer_id = ind_value.customer_id
            and ind_relationship.as_of_date = ind_value.as_of_date
    where ind_relationship.tier_interaction_score is not null
    group by ind_value.tier, ind_relationship.as_of_date

),

tier_states as (

    select
        tier_months.*,
        tier_months.interaction_score < {{ var('alert_tier_interaction_below') }} as is_alarming,
        coalesce(
            lag(
                tier_months.interaction_score < {{ var('alert_tier_interaction_below') }}
            ) over (partition by tier_months.tier order by tier_months.as_of_date),
            false
        ) as was_alarming
    from tier_months

),

tier_stretches as (

    select
        tier_states.*,
        sum(
            case when not tier_states.is_alarming and not tier_states.was_alarming then 1 else 0 end
        ) over (
            partition by tier_states.tier order by tier_states.as_of_date
            rows between unbounded preceding and current row
        ) as stretch
    from tier_states

),

tier_openings as (

    select
        tier_stretches.*,
        min(case when tier_stretches.is_alarming then tier_stretches.as_of_date end) over (
            partition by tier_stretches.tier, tier_stretches.stretch
            order by tier_stretches.as_of_date
            rows between unbounded preceding and current row
        ) as opened_on
    from tier_stretches

),

tier_episodes as (

    select
        tier_openings.tier,
        tier_openings.opened_on,
        max(tier_openings.as_of_date) as last_open_on,
        max(case when tier_openings.is_alarming then tier_openings.as_of_date end)
            as last_alarming_on,
        count(*) as month_count,
        max(
            case
                when tier_openings.as_of_date = tier_openings.opened_on
                    then tier_openings.interaction_score
            end
        ) as interaction_score_at_opening,
        max(
            case
                when tier_openings.as_of_date = tier_openings.opened_on
                    then tier_openings.revenue_12m
            end
        ) as revenue_12m_at_opening
    from tier_openings
    where tier_openings.opened_on is not null
    group by tier_openings.tier, tier_openings.opened_on

)

select
    concat('customer-', closings.customer_id, '-', cast(closings.opened_on as varchar))
        as alert_id,
    closings.alert_scope,
    closings.customer_id,
    closings.tier,
    closings.opened_on,
    closings.opened_by,
    closings.last_alarming_on,
    closings.closed_on,
    closings.closed_by,
    cast(closings.month_count as integer) as months_open,
    closings.health_at_opening,
    closings.interaction_score_at_opening,
    cast(closings.revenue_12m_at_opening as decimal(18, 4)) as revenue_12m_at_opening
from closings
union all
select
    concat('tier-', tier_episodes.tier, '-', cast(tier_episodes.opened_on as varchar)) as alert_id,
    'tier' as alert_scope,
    cast(null as varchar) as customer_id,
    tier_episodes.tier,
    tier_episodes.opened_on,
    'common_decline' as opened_by,
    tier_episodes.last_alarming_on,
    case
        when tier_episodes.last_open_on < run_window.last_month
            then {{ month_end_after('tier_episodes.last_open_on', 1) }}
    end as closed_on,
    case when tier_episodes.last_open_on < run_window.last_month then 'two_quiet_months' end
        as closed_by,
    cast(tier_episodes.month_count as integer) as months_open,
    cast(null as double) as health_at_opening,
    tier_episodes.interaction_score_at_opening,
    cast(tier_episodes.revenue_12m_at_opening as decimal(18, 4)) as revenue_12m_at_opening
from tier_episodes
cross join run_window
