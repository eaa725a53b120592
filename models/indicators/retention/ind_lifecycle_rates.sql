{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and tier at the loss (and `all`): of the customers lost in twelve
    months, how many came back within six (handbook C4). The cohort is that of the month of loss,
    and ends six months before: who was lost later can still come back in time and is pending. -#}
{%- set wait = var('winback_months') -%}
with run_months as (

    {{ run_months() }}

),

lifecycle as (

    select
        ind_lifecycle.customer_id,
        ind_lifecycle.as_of_date,
        ind_lifecycle.lost_since,
        ind_lifecycle.won_back_from_loss
    from {{ ref('ind_lifecycle') }} as ind_lifecycle
    inner join run_months
        on
            ind_lifecycle.as_of_date >= {{ month_end_after('run_months.first_month', -11 - wait) }}
            and ind_lifecycle.as_of_date <= run_months.last_month

),

losses as (

    select
        lifecycle.customer_id,
        lifecycle.as_of_date as lost_since,
        coalesce(ind_value.tier, 'unknown') as tier
    from lifecycle
    left join {{ ref('ind_value') }} as ind_value
        on
            lifecycle.customer_id = ind_value.customer_id
            and lifecycle.as_of_date = ind_value.as_of_date
    where lifecycle.lost_since = lifecycle.as_of_date

),

returns as (

    select
        lifecycle.customer_id,
        lifecycle.won_back_from_loss as lost_since,
        lifecycle.as_of_date as returned_month
    from lifecycle
    where lifecycle.won_back_from_loss is not null

),

cohorts as (

    select
        losses.lost_since,
        losses.tier,
        count(*) as lost_count,
        sum(
            case
                when
                    returns.returned_month
                    <= {{ month_end_after('losses.lost_since', wait) }}
                    then 1
                else 0
            end
        ) as won_back_count
    from losses
    left join returns
        on losses.customer_id = returns.customer_id and losses.lost_since = returns.lost_since
    group by losses.lost_since, losses.tier

),

-- For the tiers and for all of them.
grouped as (

    select
        cohorts.lost_since,
        cohorts.tier,
        cohorts.lost_count,
        cohorts.won_back_count
    from cohorts
    union all
    select
        cohorts.lost_since,
        'all' as tier,
        sum(cohorts.lost_count) as lost_count,
        sum(cohorts.won_back_count) as won_back_count
    from cohorts
    group by cohorts.lost_since

),

summed as (

    select
        months.as_of_date,
        grouped.tier,
        sum(
            case
                when grouped.lost_since <= {{ month_end_after('months.as_of_date', -wait) }}
                    then grouped.lost_count
                else 0
            end
        ) as lost_count,
        sum(
            case
                when grouped.lost_since <= {{ month_end_after('months.as_of_date', -wait) }}
                    then grouped.won_back_count
                else 0
            end
        ) as won_back_count,
        sum(
            case
                when grouped.lost_since > {{ month_end_after('months.as_of_date', -wait) }}
                    then grouped.lost_count
                else 0
            end
        ) as pending_count
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    inner join grouped
        on
            months.as_of_date >= grouped.lost_since
            and {{ month_end_after('months.as_of_date', -12 - wait) }} < grouped.lost_since
    group by months.as_of_date, grouped.tier

)

select
    summed.as_of_date,
    summed.tier,
    cast(summed.lost_count as integer) as lost_customer_count,
    cast(summed.won_back_count as integer) as won_back_customer_count,
    cast(summed.pending_count as integer) as pending_customer_count,
    {{ ratio('summed.won_back_count', 'summed.lost_count') }} as winback_ratio,
    case
        when summed.lost_count > 0
            then {{ wilson_low('summed.won_back_count', 'summed.lost_count') }}
    end as winback_low,
    case
        when summed.lost_count > 0
            then {{ wilson_high('summed.won_back_count', 'summed.lost_count') }}
    end as winback_high,
    summed.lost_count < {{ var('min_n') }} as is_low_n
from summed
