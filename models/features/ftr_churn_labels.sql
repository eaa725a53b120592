{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('churn_label_months')},
) }}
{#- Grain: one row per customer with a purchase and month end. Churned: active at `as_of_date` by
    purchases, and no purchase in the six months after it (handbook C7, non-contractual). The label
    is complete when those months are; only then it is given. Labels look ahead, so a run also
    rebuilds the six months before its own. -#}
with run_months as (

    {{ run_months(months_back=var('churn_label_months')) }}

),

customer_months as (

    select
        customer_months.customer_id,
        customer_months.as_of_date,
        customer_months.last_purchase_date,
        customer_months.first_seen_date,
        customer_months.lifetime_gap_count,
        customer_months.lifetime_long_gap_count,
        sum(customer_months.purchase_count) over (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 1 following and {{ var('churn_label_months') }} following
        ) as purchases_after
    from {{ ref('int_customer_months') }} as customer_months
    inner join run_months
        on
            customer_months.as_of_date >= run_months.first_month
            and customer_months.as_of_date <= run_months.last_month

),

judged as (

    select
        customer_months.customer_id,
        customer_months.as_of_date,
        customer_months.purchases_after,
        {{ month_end_after('customer_months.as_of_date', var('churn_label_months')) }}
        <= run_months.last_month as is_label_complete,
        case
            when not ind_activity.is_active_by_purchase then 'not_active'
            when {{ days_between('customer_months.first_seen_date', 'customer_months.as_of_date') }}
                < 30
                then 'tenure_under_30_days'
            -- At least three gaps of which the 90th percentile is longer than the label's horizon.
            when
                customer_months.lifetime_gap_count >= 3
                and 10 * customer_months.lifetime_long_gap_count
                > customer_months.lifetime_gap_count
                then 'long_cycle'
        end as ineligible_reason
    from customer_months
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            customer_months.customer_id = ind_activity.customer_id
            and customer_months.as_of_date = ind_activity.as_of_date
    cross join run_months
    where customer_months.last_purchase_date is not null

)

select
    judged.customer_id,
    judged.as_of_date,
    judged.ineligible_reason is null as is_eligible,
    judged.ineligible_reason,
    judged.is_label_complete,
    case
        when judged.is_label_complete and judged.ineligible_reason is null
            then judged.purchases_after = 0
    end as is_churned
from judged
