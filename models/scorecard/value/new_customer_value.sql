{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- What new customers are worth is what they brought since they were won, and what they are still
    expected to bring. The expectation is the one at the month end to which the row speaks: at the
    end of the month in which a customer is won it is the mean of the tier alone. -#}
with run_months as (

    {{ run_months() }}

),

-- Who was won in the period, valued at its end.
valued as (

    select
        acquisition.as_of_date,
        acquisition.period_months,
        customers_won.channel,
        customers_won.tier,
        clv.value_basis,
        case
            when clv.value_basis = 'revenue' then ind_value.revenue_12m
            when ind_value.value_basis = 'margin' then ind_value.value_12m
        end as earned_amount,
        cast(clv.clv_12m as decimal(18, 2)) as clv_12m,
        cast(clv.clv_36m as decimal(18, 2)) as clv_36m
    from {{ ref('ind_acquisition') }} as acquisition
    inner join run_months
        on
            acquisition.as_of_date >= run_months.first_month
            and acquisition.as_of_date <= run_months.last_month
    inner join {{ ref('ind_customers_won') }} as customers_won
        on
            acquisition.as_of_date >= customers_won.as_of_date
            and customers_won.as_of_date
            > {{ month_end_after('acquisition.as_of_date', '-acquisition.period_months') }}
    inner join {{ ref('ind_value') }} as ind_value
        on
            customers_won.customer_id = ind_value.customer_id
            and acquisition.as_of_date = ind_value.as_of_date
    inner join {{ source('ml', 'clv_predictions') }} as clv
        on
            customers_won.customer_id = clv.customer_id
            and acquisition.as_of_date = clv.as_of_date
    where
        acquisition.channel = 'all'
        and acquisition.tier = 'all'
        and clv.clv_36m is not null

),

groups as (

    select
        valued.as_of_date,
        valued.period_months,
        coalesce(valued.channel, 'all') as channel,
        coalesce(valued.tier, 'all') as tier,
        count(valued.earned_amount) as valued_customer_count,
        case
            when min(valued.value_basis) = max(valued.value_basis) then min(valued.value_basis)
            else 'mixed'
        end as value_basis,
        {{ mean('valued.earned_amount', 4) }} as earned_per_customer,
        {{ mean('case when valued.earned_amount is not null then valued.clv_12m end', 2) }}
            as clv_12m_per_customer,
        {{ mean('case when valued.earned_amount is not null then valued.clv_36m end', 2) }}
            as clv_36m_per_customer
    from valued
    group by valued.as_of_date, valued.period_months, cube(valued.channel, valued.tier)

),

compared as (

    select
        acquisition.*,
        coalesce(groups.valued_customer_count, 0) as valued_customer_count,
        groups.value_basis,
        groups.earned_per_customer,
        groups.clv_12m_per_customer,
        groups.clv_36m_per_customer,
        groups.earned_per_customer + groups.clv_36m_per_customer as lifetime_value_per_customer,
        case
            when acquisition.new_customer_count = 0 then 'nobody_won'
            when coalesce(groups.valued_customer_count, 0) = 0 then 'not_valued'
            when groups.value_basis <> 'margin' then 'basis_is_revenue'
            when acquisition.acquisition_cost_per_customer <= 0 then 'no_cost'
        end as ltv_to_cac_missing_reason
    from {{ ref('ind_acquisition') }} as acquisition
    inner join run_months
        on
            acquisition.as_of_date >= run_months.first_month
            and acquisition.as_of_date <= run_months.last_month
    left join groups
        on
            acquisition.as_of_date = groups.as_of_date
            and acquisition.period_months = groups.period_months
            and acquisition.channel = groups.channel
            and acquisition.tier = groups.tier

)

select
    compared.as_of_date,
    compared.period_months,
    compared.channel,
    compared.tier,
    compared.new_customer_count,
    cast(compared.valued_customer_count as integer) as valued_customer_count,
    compared.value_basis,
    cast(compared.earned_per_customer as decimal(18, 2)) as earned_per_customer,
    cast(compared.clv_12m_per_customer as decimal(18, 2)) as clv_12m_per_customer,
    cast(compared.clv_36m_per_customer as decimal(18, 2)) as clv_36m_per_customer,
    cast(compared.lifetime_value_per_customer as decimal(18, 2)) as lifetime_value_per_customer,
    cast(compared.acquisition_cost_per_customer as decimal(18, 2))
        as acquisition_cost_per_customer,
    case
        when compared.ltv_to_cac_missing_reason is null
            then round({{ ratio(
                'compared.lifetime_value_per_customer', 'compared.acquisition_cost_per_customer'
            ) }}, 6)
    end as ltv_to_cac,
    compared.ltv_to_cac_missing_reason,
    compared.valued_customer_count < {{ var('min_n') }} as is_low_n
from compared
