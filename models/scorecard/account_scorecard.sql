{#- Grain: one row per month end (newest months), profile and organisation of several customers. -#}
with months as (

    {{ explained_months() }}

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
        ) as contract_value,
        row_number() over (
            partition by customers.account_id, scores.profile, scores.as_of_date
            order by
                case when scores.score is null then 1 else 0 end, scores.score, scores.customer_id
        ) as worst_rank
    from accounts
    inner join {{ ref('customers') }} as customers on accounts.account_id = customers.account_id
    inner join {{ ref('customer_scorecard') }} as scores
        on customers.customer_id = scores.customer_id
    inner join months
        on
            scores.as_of_date >= months.first_month
            and scores.as_of_date <= months.last_month
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
        count(*) as member_count,
        count(members.score) as scored_count,
        sum(members.contract_value) as contract_value,
        max(case when members.is_head then members.score end) as own_score,
        max(case when members.is_head then members.coverage end) as own_coverage,
        {{ mean('members.score') }} as count_weighted_score,
        -- What is not scored has no part in the coverage.
        {{ ratio(
            'sum(case when members.score is not null'
            ~ ' then cast(members.coverage as decimal(28, 6)) else 0 end)',
            'count(*)'
        ) }} as count_weighted_coverage,
        {{ ratio(
            'sum(members.contract_value * cast(members.score as decimal(10, 6)))',
            'sum(case when members.score is not null then members.contract_value end)'
        ) }} as value_weighted_score,
        {{ ratio(
            'sum(case when members.score is not null'
            ~ ' then members.contract_value * cast(members.coverage as decimal(10, 6)) else 0 end)',
            'sum(members.contract_value)'
        ) }} as value_weighted_coverage,
        max(
            case
                when members.worst_rank = 1 and members.score is not null then members.customer_id
            end
        ) as worst_customer_id,
        min(members.score) as worst_score
    from members
    group by members.account_id, members.profile, members.as_of_date
    -- One of several may have come later than this month.
    having count(*) > 1

),

chosen as (

    select
        summed.*,
        applied.account_rollup,
        case applied.account_rollup
            when 'own' then summed.own_score
            when 'count_weighted' then summed.count_weighted_score
            else summed.value_weighted_score
        end as chosen_score,
        case applied.account_rollup
            when 'own' then summed.own_coverage
            when 'count_weighted' then summed.count_weighted_coverage
            else summed.value_weighted_coverage
        end as coverage
    from summed
    inner join {{ ref('scr_profile_months') }} as applied
        on summed.profile = applied.profile and summed.as_of_date = applied.as_of_date

)

select
    chosen.account_id,
    chosen.as_of_date,
    chosen.profile,
    cast(chosen.member_count as integer) as member_count,
    cast(chosen.scored_count as integer) as scored_count,
    cast(chosen.contract_value as decimal(18, 4)) as contract_value,
    chosen.account_rollup,
    case when {{ is_enough('chosen.coverage') }} then round(chosen.chosen_score, 6) end as score,
    round(chosen.coverage, 6) as coverage,
    case
        when chosen.chosen_score is not null and {{ is_enough('chosen.coverage') }} then 'published'
        else 'insufficient_evidence'
    end as status,
    chosen.own_score,
    round(chosen.count_weighted_score, 6) as count_weighted_score,
    round(chosen.count_weighted_coverage, 6) as count_weighted_coverage,
    round(chosen.value_weighted_score, 6) as value_weighted_score,
    round(chosen.value_weighted_coverage, 6) as value_weighted_coverage,
    chosen.worst_customer_id,
    chosen.worst_score
from chosen
