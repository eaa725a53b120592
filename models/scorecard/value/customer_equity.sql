{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- What customers who are there are worth is the sum of their lifetime values. Customers who are
    expected to be won are told apart: as many as in the last twelve months, each worth what those
    of the last twelve months turned out to be, less the cost; discounted to the month end. -#}
{%- set discounted_months = [] -%}
{%- for month in range(1, 13) -%}
    {%- do discounted_months.append((1 + var('annual_discount_rate')) ** (-month / 12)) -%}
{%- endfor -%}
with run_months as (

    {{ run_months() }}

),

valued as (

    select
        clv.as_of_date,
        coalesce(ind_value.tier, 'none') as tier,
        ind_activity.is_active,
        clv.value_basis,
        cast(clv.clv_12m as decimal(18, 2)) as clv_12m,
        cast(clv.clv_36m as decimal(18, 2)) as clv_36m
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
    where clv.clv_12m is not null

),

equity as (

    select
        valued.as_of_date,
        coalesce(valued.tier, 'all') as tier,
        case
            when min(valued.value_basis) = max(valued.value_basis) then min(valued.value_basis)
            else 'mixed'
        end as value_basis,
        {{ count_when('valued.is_active') }} as customer_count,
        {{ count_when('valued.is_active and valued.clv_12m < 0') }} as negative_customer_count,
        sum(case when valued.is_active then valued.clv_12m else 0 end) as equity_12m,
        sum(case when valued.is_active then valued.clv_36m else 0 end) as equity_36m,
        {{ count_when('not valued.is_active') }} as lapsed_customer_count,
        sum(case when valued.is_active then 0 else valued.clv_12m end) as lapsed_value_12m
    from valued
    group by valued.as_of_date, rollup(valued.tier)

),

walk as (

    select
        changes.as_of_date,
        coalesce(changes.tier_or_none, 'all') as tier,
        {%- for part in [
            'opening_clv_12m', 'retention_change', 'margin_change', 'estimator_change',
            'unexplained_change', 'joined_change', 'lost_change'
        ] %}
        sum(coalesce(changes.{{ part }}, 0)) as {{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            clv_changes.*,
            coalesce(clv_changes.tier, 'none') as tier_or_none
        from {{ ref('clv_changes') }} as clv_changes
        inner join run_months
            on
                clv_changes.as_of_date >= run_months.first_month
                and clv_changes.as_of_date <= run_months.last_month
    ) as changes
    group by changes.as_of_date, rollup(changes.tier_or_none)

),

expected as (

    select
        acquisition.as_of_date,
        acquisition.tier,
        case
            when acquisition.measured_months = 12 then acquisition.new_customer_count
        end as expected_new_customer_count,
        new_customers.lifetime_value_per_customer,
        new_customers.acquisition_cost_per_customer,
        new_customers.value_basis
    from {{ ref('ind_acquisition') }} as acquisition
    inner join {{ ref('new_customer_value') }} as new_customers
        on
            acquisition.as_of_date = new_customers.as_of_date
            and acquisition.period_months = new_customers.period_months
            and acquisition.channel = new_customers.channel
            and acquisition.tier = new_customers.tier
    where acquisition.period_months = 12 and acquisition.channel = 'all'

)

select
    equity.as_of_date,
    equity.tier,
    equity.value_basis,
    cast(equity.customer_count as integer) as customer_count,
    cast(equity.negative_customer_count as integer) as negative_customer_count,
    cast(equity.equity_12m as decimal(18, 2)) as equity_12m,
    cast(equity.equity_36m as decimal(18, 2)) as equity_36m,
    cast(equity.lapsed_customer_count as integer) as lapsed_customer_count,
    cast(equity.lapsed_value_12m as decimal(18, 2)) as lapsed_value_12m,
    cast(walk.opening_clv_12m as decimal(18, 2)) as opening_equity_12m,
    cast(walk.retention_change as decimal(18, 2)) as retention_change,
    cast(walk.margin_change as decimal(18, 2)) as margin_change,
    cast(walk.estimator_change as decimal(18, 2)) as estimator_change,
    cast(walk.unexplained_change as decimal(18, 2)) as unexplained_change,
    cast(walk.joined_change as decimal(18, 2)) as joined_change,
    cast(walk.lost_change as decimal(18, 2)) as lost_change,
    cast(expected.expected_new_customer_count as integer) as expected_new_customer_count,
    case
        when expected.value_basis = 'margin'
            then cast(
                expected.lifetime_value_per_customer - expected.acquisition_cost_per_customer
                as decimal(18, 2)
            )
    end as net_value_per_new_customer,
    case
        when expected.value_basis = 'margin'
            then cast(
                cast(expected.expected_new_customer_count as double)
                * cast(
                    expected.lifetime_value_per_customer - expected.acquisition_cost_per_customer
                    as double
                ) * {{ discounted_months | sum / 12 }} as decimal(18, 2)
            )
    end as expected_new_equity
from equity
left join walk on equity.as_of_date = walk.as_of_date and equity.tier = walk.tier
left join expected on equity.as_of_date = expected.as_of_date and equity.tier = expected.tier
