{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month end. Accounts, not behaviour: a gap within the grace of
    churn shows here. Movements are signed, so that opening + movements = closing. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select
        mrr_months.*,
        mrr_months.mrr - mrr_months.opening_mrr as change_mrr,
        case
            when mrr_months.opening_mrr = 0 and mrr_months.mrr > 0
                then case
                    when mrr_months.previous_paid_month is null then 'new' else 'reactivation'
                end
            when mrr_months.opening_mrr > 0 and mrr_months.mrr = 0 then 'churned'
            when mrr_months.mrr > mrr_months.opening_mrr then 'expansion'
            when mrr_months.mrr < mrr_months.opening_mrr then 'contraction'
            else 'unchanged'
        end as movement
    from {{ ref('int_mrr_months') }} as mrr_months
    inner join run_months
        on
            mrr_months.as_of_date >= run_months.first_month
            and mrr_months.as_of_date <= run_months.last_month

)

select
    months.customer_id,
    months.as_of_date,
    months.movement,
    months.opening_mrr,
    {%- for movement in ['new', 'expansion', 'contraction', 'churned', 'reactivation'] %}
    cast(
        case when months.movement = '{{ movement }}' then months.change_mrr else 0 end
        as decimal(18, 4)
    ) as {{ movement }}_mrr,
    {%- endfor %}
    months.mrr as closing_mrr,
    case
        when months.movement = 'reactivation'
            then {{ months_between('months.previous_paid_month', 'months.as_of_date') }} - 1
    end as gap_months,
    months.subscription_count,
    months.quantity,
    months.plan_product_id,
    months.plan_unit_price
from months
