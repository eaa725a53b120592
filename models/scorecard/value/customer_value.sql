{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Referral value is credited to the referrer alone, and the referred customer's own lifetime value
    stands in the row of the referred: never add the column with referrals over customers. -#}
with run_months as (

    {{ run_months() }}

),

referral_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'relationship_events' and measured_facts.is_measured

),

valued as (

    select
        clv.customer_id,
        clv.as_of_date,
        ind_value.tier,
        ind_activity.is_active,
        clv.value_basis,
        ind_value.historic_margin,
        churn.churn_probability,
        potential.potential_value_12m,
        potential.cross_sell_probability,
        potential.unused_category_count,
        potential.potential_case_count,
        potential.potential_method,
        potential.potential_missing_reason,
        cast(clv.clv_12m as decimal(18, 2)) as clv_12m,
        case
            when referral_months.as_of_date is not null
                then coalesce(referral_value.referred_customer_count_12m, 0)
        end as referred_customer_count_12m,
        case
            when referral_months.as_of_date is not null
                then coalesce(referral_value.referral_reward_12m, 0)
        end as referral_reward_12m,
        case
            when referral_months.as_of_date is null then null
            when referral_value.customer_id is null then 0
            else referral_value.referral_value_12m
        end as referral_value_12m
    from {{ source('ml', 'clv_predictions') }} as clv
    inner join run_months
        on
            clv.as_of_date >= run_months.first_month
            and clv.as_of_date <= run_months.last_month
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            clv.customer_id = ind_activity.customer_id
            and clv.as_of_date = ind_activity.as_of_date
    inner join {{ ref('ind_value') }} as ind_value
        on clv.customer_id = ind_value.customer_id and clv.as_of_date = ind_value.as_of_date
    left join {{ source('ml', 'churn_predictions') }} as churn
        on clv.customer_id = churn.customer_id and clv.as_of_date = churn.as_of_date
    left join {{ ref('ind_potential') }} as potential
        on
            clv.customer_id = potential.customer_id
            and clv.as_of_date = potential.as_of_date
    left join referral_months on clv.as_of_date = referral_months.as_of_date
    left join {{ ref('ind_referral_value') }} as referral_value
        on
            clv.customer_id = referral_value.customer_id
            and clv.as_of_date = referral_value.as_of_date

)

select
    valued.customer_id,
    valued.as_of_date,
    valued.tier,
    valued.is_active,
    valued.value_basis,
    cast(valued.historic_margin as decimal(18, 2)) as current_value,
    cast(valued.potential_value_12m as decimal(18, 2)) as potential_value_12m,
    round(valued.cross_sell_probability, 6) as cross_sell_probability,
    valued.unused_category_count,
    valued.potential_case_count,
    valued.potential_method,
    valued.potential_missing_reason,
    round(1 - valued.churn_probability, 6) as loyalty_probability,
    valued.clv_12m,
    cast(valued.referred_customer_count_12m as integer) as referred_customer_count_12m,
    cast(valued.referral_reward_12m as decimal(18, 2)) as referral_reward_12m,
    cast(valued.referral_value_12m as decimal(18, 2)) as referral_value_12m,
    cast(
        valued.clv_12m + cast(valued.referral_value_12m as decimal(18, 2)) as decimal(18, 2)
    ) as clv_with_referrals_12m
from valued
