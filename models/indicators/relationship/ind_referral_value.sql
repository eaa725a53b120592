{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and customer who referred somebody who was won in the twelve months
    to it: what the referred brought since (handbook C10). Who was referred by several counts for
    the first of them alone; a referral after the first purchase won nobody. -#}
with run_months as (

    {{ run_months() }}

),

crm_links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm' and identity_links.customer_id is not null

),

referrals as (

    select
        referrers.customer_id,
        referred.customer_id as referred_customer_id,
        customers_won.as_of_date as won_month,
        relationship_events.reward_amount,
        row_number() over (
            partition by referred.customer_id
            order by relationship_events.occurred_at, relationship_events.event_id
        ) as referral_number
    from {{ ref('stg_crm__relationship_events') }} as relationship_events
    inner join crm_links as referrers
        on relationship_events.crm_customer_id = referrers.crm_customer_id
    inner join crm_links as referred
        on relationship_events.referred_crm_customer_id = referred.crm_customer_id
    inner join {{ ref('ind_customers_won') }} as customers_won
        on
            referred.customer_id = customers_won.customer_id
            and {{ month_end('relationship_events.occurred_at') }} <= customers_won.as_of_date
    where
        relationship_events.event_kind = 'referral'
        and referrers.customer_id <> referred.customer_id

)

select
    referrals.customer_id,
    ind_value.as_of_date,
    cast(count(*) as integer) as referred_customer_count_12m,
    cast(count(ind_value.value_12m) as integer) as referred_value_count_12m,
    cast(sum(ind_value.value_12m) as decimal(18, 4)) as referred_value_12m,
    cast(sum(coalesce(referrals.reward_amount, 0)) as decimal(18, 4)) as referral_reward_12m,
    cast(
        sum(ind_value.value_12m) - sum(coalesce(referrals.reward_amount, 0)) as decimal(18, 4)
    ) as referral_value_12m
from referrals
inner join {{ ref('ind_value') }} as ind_value
    on
        referrals.referred_customer_id = ind_value.customer_id
        and referrals.won_month <= ind_value.as_of_date
        and referrals.won_month > {{ month_end_after('ind_value.as_of_date', -12) }}
inner join run_months
    on
        ind_value.as_of_date >= run_months.first_month
        and ind_value.as_of_date <= run_months.last_month
where referrals.referral_number = 1
group by referrals.customer_id, ind_value.as_of_date
