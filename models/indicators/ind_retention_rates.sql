{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months) and tier at the period's start, and one
    row `all`. CRR = (E - N) / S: S active at the start, E at the end, N at the end but not at the
    start, whether new or won back (handbook C15). A customer's tier at the start is unknown when it
    came later, so N and E stand in row `all` only. -#}
with run_months as (

    {{ run_months() }}

),

ends as (

    {{ period_ends([1, 12]) }}

),

activity as (

    select
        ind_activity.customer_id,
        ind_activity.as_of_date,
        ind_activity.is_active,
        least(ind_activity.first_purchase_date, ind_activity.first_subscribed_on)
            as first_active_date
    from {{ ref('ind_activity') }} as ind_activity

),

states as (

    select
        ends.as_of_date,
        ends.period_months,
        ends.start_date,
        at_end.customer_id,
        at_end.is_active as is_active_at_end,
        coalesce(at_start.is_active, false) as is_active_at_start,
        at_end.first_active_date > ends.start_date as is_first_time
    from ends
    inner join activity as at_end on ends.as_of_date = at_end.as_of_date
    left join activity as at_start
        on at_end.customer_id = at_start.customer_id and ends.start_date = at_start.as_of_date

),

with_tier as (

    select
        states.*,
        ind_value.tier as tier_at_start
    from states
    left join {{ ref('ind_value') }} as ind_value
        on
            states.customer_id = ind_value.customer_id
            and states.start_date = ind_value.as_of_date

),

counted as (

    select
        with_tier.as_of_date,
        with_tier.period_months,
        'all' as tier,
        sum(case when with_tier.is_active_at_start then 1 else 0 end) as start_count,
        sum(case when with_tier.is_active_at_end then 1 else 0 end) as end_count,
        sum(
            case when with_tier.is_active_at_start and with_tier.is_active_at_end then 1 else 0 end
        ) as retained_count,
        sum(
            case
                when
                    with_tier.is_active_at_end and not with_tier.is_active_at_start
                    and with_tier.is_first_time
                    then 1
                else 0
            end
        ) as new_count,
        sum(
            case
                when
                    with_tier.is_active_at_end and not with_tier.is_active_at_start
                    and not with_tier.is_first_time
                    then 1
                else 0
            end
        ) as won_back_count
    from with_tier
    group by with_tier.as_of_date, with_tier.period_months
    union all
    select
        with_tier.as_of_date,
        with_tier.period_months,
        with_tier.tier_at_start as tier,
        sum(case when with_tier.is_active_at_start then 1 else 0 end) as start_count,
        cast(null as bigint) as end_count,
        sum(
            case when with_tier.is_active_at_start and with_tier.is_active_at_end then 1 else 0 end
        ) as retained_count,
        cast(null as bigint) as new_count,
        cast(null as bigint) as won_back_count
    from with_tier
    where with_tier.tier_at_start is not null
    group by with_tier.as_of_date, with_tier.period_months, with_tier.tier_at_start

)

select
    counted.as_of_date,
    counted.period_months,
    counted.tier,
    cast(counted.start_count as integer) as start_customer_count,
    cast(counted.end_count as integer) as end_customer_count,
    cast(counted.retained_count as integer) as retained_customer_count,
    cast(counted.start_count - counted.retained_count as integer) as lost_customer_count,
    cast(counted.new_count as integer) as new_customer_count,
    cast(counted.won_back_count as integer) as won_back_customer_count,
    {{ ratio('counted.retained_count', 'counted.start_count') }} as customer_retention_ratio,
    case
        when counted.start_count > 0
            then {{ wilson_low('counted.retained_count', 'counted.start_count') }}
    end as customer_retention_low,
    case
        when counted.start_count > 0
            then {{ wilson_high('counted.retained_count', 'counted.start_count') }}
    end as customer_retention_high,
    {{ ratio('counted.end_count - counted.start_count', 'counted.start_count') }} as growth_ratio,
    counted.start_count < {{ var('min_n') }} as is_low_n
from counted
