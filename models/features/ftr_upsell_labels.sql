{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('upsell_label_months')},
) }}
{#- Grain: one row per customer with a purchase and month end. Expanded: a subscriber whose
    recurring value six months later is above 105 % of that of the month end; anybody else whose
    spend of the six months after is above 110 % of that of the same season a year before (handbook
    C8). Who leaves has not expanded. Given only when those months are complete; it looks ahead, so
    a run also rebuilds the six months before its own. -#}
with run_months as (

    {{ run_months(months_back=var('upsell_label_months')) }}

),

later_revenue as (

    select
        customer_months.customer_id,
        customer_months.as_of_date,
        sum(customer_months.revenue) over (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 1 following and {{ var('upsell_label_months') }} following
        ) as revenue_after
    from {{ ref('int_customer_months') }} as customer_months
    inner join run_months
        on
            customer_months.as_of_date >= run_months.first_month
            and customer_months.as_of_date <= run_months.last_month

),

judged as (

    select
        upsell.customer_id,
        upsell.as_of_date,
        upsell.upsell_kind,
        upsell.is_eligible,
        cast(upsell.base_amount as decimal(18, 4)) as base_amount,
        {{ month_end_after('upsell.as_of_date', var('upsell_label_months')) }}
        <= run_months.last_month as is_label_complete,
        cast(
            case
                when upsell.upsell_kind = 'contractual'
                    then {{ var('upsell_label_months') }} * coalesce(mrr_after.mrr, 0)
                else coalesce(later_revenue.revenue_after, 0)
            end as decimal(18, 4)
        ) as amount_after,
        case
            when upsell.upsell_kind = 'contractual' then {{ var('upsell_contract_growth') }}
            else {{ var('upsell_season_growth') }}
        end as growth_limit
    from {{ ref('ftr_upsell') }} as upsell
    inner join run_months
        on
            upsell.as_of_date >= run_months.first_month
            and upsell.as_of_date <= run_months.last_month
    left join later_revenue
        on
            upsell.customer_id = later_revenue.customer_id
            and upsell.as_of_date = later_revenue.as_of_date
    left join {{ ref('int_mrr_months') }} as mrr_after
        on
            upsell.customer_id = mrr_after.customer_id
            and {{ month_end_after('upsell.as_of_date', var('upsell_label_months')) }}
            = mrr_after.as_of_date

)

select
    judged.customer_id,
    judged.as_of_date,
    judged.is_label_complete,
    case
        when judged.is_label_complete and judged.is_eligible
            then judged.amount_after > judged.growth_limit * judged.base_amount
    end as is_expanded,
    case
        when not judged.is_label_complete or not judged.is_eligible then null
        when judged.amount_after > judged.growth_limit * judged.base_amount
            then cast(judged.amount_after - judged.base_amount as double)
        else cast(0 as double)
    end as expansion_amount
from judged
