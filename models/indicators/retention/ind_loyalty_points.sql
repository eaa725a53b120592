{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: the customer in the loyalty programme (handbook C15).
    Who is no member has no points, which is empty and not zero; who left keeps those that are
    left. Several memberships of one customer are added. -#}
with run_months as (

    {{ run_months() }}

),

members as (

    select
        loyalty_months.customer_id,
        loyalty_months.as_of_date,
        max(case when loyalty_months.is_member then 1 else 0 end) = 1 as is_member,
        sum(loyalty_months.points_balance) as points_balance,
        sum(loyalty_months.points_earned_12m) as points_earned_12m,
        sum(loyalty_months.points_burned_12m) as points_burned_12m
    from {{ ref('int_loyalty_months') }} as loyalty_months
    inner join run_months
        on
            loyalty_months.as_of_date >= run_months.first_month
            and loyalty_months.as_of_date <= run_months.last_month
    where loyalty_months.customer_id is not null
    group by loyalty_months.customer_id, loyalty_months.as_of_date

),

measured as (

    select
        measured_facts.as_of_date,
        max(case when measured_facts.fact = 'loyalty_members' then 1 else 0 end) = 1
            as is_members_measured,
        max(case when measured_facts.fact = 'loyalty_points' then 1 else 0 end) = 1
            as is_points_measured
    from {{ ref('int_measured_facts') }} as measured_facts
    where
        measured_facts.fact in ('loyalty_members', 'loyalty_points')
        and measured_facts.is_measured
    group by measured_facts.as_of_date

)

select
    ind_value.customer_id,
    ind_value.as_of_date,
    case when measured.is_members_measured then coalesce(members.is_member, false) end
        as is_loyalty_member,
    {%- for name in ['balance', 'earned_12m', 'burned_12m'] %}
    case when measured.is_points_measured then cast(members.points_{{ name }} as integer) end
        as loyalty_points_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('ind_value') }} as ind_value
inner join run_months
    on
        ind_value.as_of_date >= run_months.first_month
        and ind_value.as_of_date <= run_months.last_month
left join measured on ind_value.as_of_date = measured.as_of_date
left join members
    on
        ind_value.customer_id = members.customer_id
        and ind_value.as_of_date = members.as_of_date
