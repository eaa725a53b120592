{#- Grain: one row per organisation of several customers, month end (the newest months and what they
    are compared with), profile and member: its share in the organisation's score by each of the
    three ways to roll up (handbook C1). A member without a score has none; where nobody has any,
    all are zero. -#}
with explained as (

    {{ explained_months() }}

),

pairs as (

    select
        applied.profile,
        applied.as_of_date,
        applied.previous_date
    from {{ ref('scr_profile_months') }} as applied
    inner join explained
        on
            applied.as_of_date >= explained.first_month
            and applied.as_of_date <= explained.last_month

),

months as (

    select
        pairs.profile,
        pairs.as_of_date
    from pairs
    union distinct
    select
        pairs.profile,
        pairs.previous_date as as_of_date
    from pairs

),

accounts as (

    select customers.account_id
    from {{ ref('customers') }} as customers
    where customers.account_id is not null
    group by customers.account_id
    having count(*) > 1

),

members as (

    select
        customers.account_id,
        scores.profile,
        scores.as_of_date,
        scores.customer_id,
        scores.customer_id = customers.account_id as is_head,
        scores.score,
        scores.coverage,
        cast(
            greatest(coalesce(12 * indicators.mrr, indicators.revenue_12m, 0), 0)
            as decimal(28, 4)
        ) as contract_value
    from accounts
    inner join {{ ref('customers') }} as customers on accounts.account_id = customers.account_id
    inner join {{ ref('customer_scorecard') }} as scores
        on customers.customer_id = scores.customer_id
    inner join months
        on scores.profile = months.profile and scores.as_of_date = months.as_of_date
    inner join {{ ref('customer_indicators') }} as indicators
        on
            scores.customer_id = indicators.customer_id
            and scores.as_of_date = indicators.as_of_date

),

summed as (

    select
        members.account_id,
        members.profile,
        members.as_of_date,
        count(members.score) as scored_count,
        sum(case when members.score is not null then members.contract_value end) as scored_value
    from members
    group by members.account_id, members.profile, members.as_of_date
    -- One of several may have come later than this month.
    having count(*) > 1

)

select
    members.account_id,
    members.as_of_date,
    members.profile,
    members.customer_id,
    members.is_head,
    members.score,
    members.coverage,
    members.contract_value,
    case when members.is_head and members.score is not null then 1 else 0 end as own_share,
    case
        when members.score is not null then {{ ratio('1', 'summed.scored_count') }}
        else 0
    end as count_weighted_share,
    case
        when members.score is not null
            then coalesce({{ ratio('members.contract_value', 'summed.scored_value') }}, 0)
        else 0
    end as value_weighted_share
from members
inner join summed
    on
        members.account_id = summed.account_id
        and members.profile = summed.profile
        and members.as_of_date = summed.as_of_date
