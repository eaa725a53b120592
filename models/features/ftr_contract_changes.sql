{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, state in which customers under contract began the month, tier and
    months in that state: how many there were, and how many changed it. A life table, from which
    the survival of contracts is learnt; every end counts, whatever its reason. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select
        mrr_months.customer_id,
        mrr_months.as_of_date,
        case when mrr_months.opening_mrr > 0 then 'paying' else 'ended' end as state,
        case
            when mrr_months.opening_mrr > 0
                then {{ months_between(
                    month_end('mrr_months.first_subscribed_on'), 'mrr_months.as_of_date'
                ) }} - 1
            else {{ months_between(
                'mrr_months.previous_paid_month', 'mrr_months.as_of_date'
            ) }} - 1
        end as months_in_state,
        mrr_months.opening_mrr,
        mrr_months.mrr,
        coalesce(ind_value.tier, 'unknown') as tier
    from {{ ref('int_mrr_months') }} as mrr_months
    inner join run_months
        on
            mrr_months.as_of_date >= run_months.first_month
            and mrr_months.as_of_date <= run_months.last_month
    left join {{ ref('ind_value') }} as ind_value
        on
            mrr_months.customer_id = ind_value.customer_id
            and {{ month_end_after('mrr_months.as_of_date', -1) }} = ind_value.as_of_date
    where mrr_months.opening_mrr > 0 or mrr_months.previous_paid_month is not null

)

select
    months.as_of_date,
    months.state,
    months.tier,
    cast(greatest(months.months_in_state, 0) as integer) as months_in_state,
    cast(count(*) as integer) as customer_count,
    cast(sum(
        case when (months.state = 'paying') = (months.mrr > 0) then 0 else 1 end
    ) as integer) as changed_count,
    cast(coalesce(sum(
        case when months.state = 'paying' and months.mrr > 0 then months.opening_mrr end
    ), 0) as decimal(18, 4)) as stayer_opening_mrr,
    cast(coalesce(sum(
        case when months.state = 'paying' and months.mrr > 0 then months.mrr end
    ), 0) as decimal(18, 4)) as stayer_closing_mrr
from months
group by
    months.as_of_date, months.state, months.tier,
    cast(greatest(months.months_in_state, 0) as integer)
