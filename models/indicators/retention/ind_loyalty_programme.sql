{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months) and value tier at that month end (`none`
    for cards that are tied to no customer, and `all`): who is in the loyalty programme and what
    became of its points (handbook C15). The opening balance is that of the members who are in the
    tier now, so that opening + earned - burned - expired + adjusted = closing. -#}
{%- set kinds = ['earned', 'burned', 'expired', 'adjusted'] -%}
with run_months as (

    {{ run_months() }}

),

ends as (

    {{ period_ends([1, 12]) }}

),

memberships as (

    select
        loyalty_months.*,
        coalesce(ind_value.tier, 'none') as tier
    from {{ ref('int_loyalty_months') }} as loyalty_months
    inner join run_months
        on
            loyalty_months.as_of_date >= run_months.first_month
            and loyalty_months.as_of_date <= run_months.last_month
    left join {{ ref('ind_value') }} as ind_value
        on
            loyalty_months.customer_id = ind_value.customer_id
            and loyalty_months.as_of_date = ind_value.as_of_date

),

enrolled as (

    select distinct
        memberships.customer_id,
        memberships.as_of_date
    from memberships
    where memberships.is_member and memberships.customer_id is not null

),

customers as (

    select
        ind_value.as_of_date,
        coalesce(ind_value.tier, 'none') as tier,
        {{ count_when('ind_activity.is_active') }} as active_customer_count,
        {{ count_when('ind_activity.is_active and enrolled.customer_id is not null') }}
            as active_member_count
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            ind_value.customer_id = ind_activity.customer_id
            and ind_value.as_of_date = ind_activity.as_of_date
    left join enrolled
        on
            ind_value.customer_id = enrolled.customer_id
            and ind_value.as_of_date = enrolled.as_of_date
    group by ind_value.as_of_date, coalesce(ind_value.tier, 'none')

),

points as (

    select
        memberships.as_of_date,
        memberships.tier,
        {{ count_when('memberships.is_member') }} as member_count,
        {{ count_when('memberships.is_member and memberships.customer_id is null') }}
            as unlinked_member_count,
        {{ count_when('memberships.points_balance < 0') }} as negative_balance_count,
        {%- for kind in kinds %}
        sum(memberships.points_{{ kind }}_1m) as points_{{ kind }}_1m,
        sum(memberships.points_{{ kind }}_12m) as points_{{ kind }}_12m,
        {%- endfor %}
        sum(memberships.points_balance) as closing_balance
    from memberships
    group by memberships.as_of_date, memberships.tier

),

tiers as (

    select
        coalesce(customers.as_of_date, points.as_of_date) as as_of_date,
        coalesce(customers.tier, points.tier) as tier,
        coalesce(customers.active_customer_count, 0) as active_customer_count,
        coalesce(customers.active_member_count, 0) as active_member_count,
        coalesce(points.member_count, 0) as member_count,
        coalesce(points.unlinked_member_count, 0) as unlinked_member_count,
        coalesce(points.negative_balance_count, 0) as negative_balance_count,
        {%- for kind in kinds %}
        coalesce(points.points_{{ kind }}_1m, 0) as points_{{ kind }}_1m,
        coalesce(points.points_{{ kind }}_12m, 0) as points_{{ kind }}_12m,
        {%- endfor %}
        coalesce(points.closing_balance, 0) as closing_balance
    from customers
    full outer join points
        on customers.as_of_date = points.as_of_date and customers.tier = points.tier

),

grouped as (

    select
        tiers.as_of_date,
        coalesce(tiers.tier, 'all') as tier,
        sum(tiers.active_customer_count) as active_customer_count,
        sum(tiers.active_member_count) as active_member_count,
        sum(tiers.member_count) as member_count,
        sum(tiers.unlinked_member_count) as unlinked_member_count,
        sum(tiers.negative_balance_count) as negative_balance_count,
        {%- for kind in kinds %}
        sum(tiers.points_{{ kind }}_1m) as points_{{ kind }}_1m,
        sum(tiers.points_{{ kind }}_12m) as points_{{ kind }}_12m,
        {%- endfor %}
        sum(tiers.closing_balance) as closing_balance
    from tiers
    group by tiers.as_of_date, rollup(tiers.tier)

),

-- A ledger that begins within the period is whole: before it there were no points.
measured as (

    select
        ends.as_of_date,
        ends.period_months,
        sum(case when measured_facts.fact = 'loyalty_points' then 1 else 0 end)
            as measured_months,
        max(
            case
                when
                    measured_facts.fact = 'loyalty_points'
                    and measured_facts.as_of_date = ends.as_of_date
                    then 1
                else 0
            end
        ) = 1 as is_points_measured,
        max(
            case
                when
                    measured_facts.fact = 'loyalty_members'
                    and measured_facts.as_of_date = ends.as_of_date
                    then 1
                else 0
            end
        ) = 1 as is_members_measured
    from ends
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            ends.start_date < measured_facts.as_of_date
            and ends.as_of_date >= measured_facts.as_of_date
            and measured_facts.is_measured
            and measured_facts.fact in ('loyalty_members', 'loyalty_points')
    group by ends.as_of_date, ends.period_months

),

measures as (

    select
        grouped.as_of_date,
        ends.period_months,
        grouped.tier,
        coalesce(measured.measured_months, 0) as measured_months,
        grouped.active_customer_count,
        {%- for name in ['active_member', 'member', 'unlinked_member'] %}
        {{ measured_count('measured.is_members_measured', 'grouped.' ~ name ~ '_count') }}
            as {{ name }}_count,
        {%- endfor %}
        {{ measured_count('measured.is_points_measured', 'grouped.negative_balance_count') }}
            as negative_balance_count,
        {%- for kind in kinds %}
        case
            when measured.is_points_measured
                then
                    case
                        when ends.period_months = 1 then grouped.points_{{ kind }}_1m
                        else grouped.points_{{ kind }}_12m
                    end
        end as points_{{ kind }},
        {%- endfor %}
        case when measured.is_points_measured then grouped.closing_balance end
            as closing_balance
    from grouped
    inner join ends on grouped.as_of_date = ends.as_of_date
    left join measured
        on
            ends.as_of_date = measured.as_of_date
            and ends.period_months = measured.period_months

)

select
    measures.as_of_date,
    measures.period_months,
    measures.tier,
    cast(measures.measured_months as integer) as measured_months,
    cast(measures.active_customer_count as integer) as active_customer_count,
    measures.active_member_count,
    {{ rate_columns(
        'enrolment',
        'measures.active_member_count',
        'case when measures.active_member_count is not null '
        ~ 'then measures.active_customer_count end'
    ) }},
    measures.member_count,
    measures.unlinked_member_count,
    cast(
        measures.closing_balance - measures.points_earned + measures.points_burned
        + measures.points_expired - measures.points_adjusted as bigint
    ) as opening_balance,
    {%- for kind in kinds %}
    cast(measures.points_{{ kind }} as bigint) as points_{{ kind }},
    {%- endfor %}
    cast(measures.closing_balance as bigint) as closing_balance,
    measures.negative_balance_count,
    {{ ratio('measures.points_burned', 'measures.points_earned') }} as burn_ratio,
    {{ ratio('measures.points_expired', '(measures.points_burned + measures.points_expired)') }}
        as breakage_ratio
from measures
