{#- Grain: one row per organisation of several customers, month end (the newest months and what they
    are compared with) and profile: its score by each of the three ways to roll up, and by the one
    that the profile chooses. -#}
with ranked as (

    select
        members.*,
        row_number() over (
            partition by members.account_id, members.profile, members.as_of_date
            order by
                case when members.score is null then 1 else 0 end,
                members.score,
                members.customer_id
        ) as worst_rank
    from {{ ref('scr_account_members') }} as members

),

summed as (

    select
        ranked.account_id,
        ranked.profile,
        ranked.as_of_date,
        count(*) as member_count,
        count(ranked.score) as scored_count,
        sum(ranked.contract_value) as contract_value,
        max(case when ranked.is_head then ranked.score end) as own_score,
        max(case when ranked.is_head then ranked.coverage end) as own_coverage,
        {{ mean('ranked.score') }} as count_weighted_score,
        -- What is not scored has no part in the coverage.
        {{ ratio(
            'sum(case when ranked.score is not null'
            ~ ' then cast(ranked.coverage as decimal(28, 6)) else 0 end)',
            'count(*)'
        ) }} as count_weighted_coverage,
        {{ ratio(
            'sum(ranked.contract_value * cast(ranked.score as decimal(10, 6)))',
            'sum(case when ranked.score is not null then ranked.contract_value end)'
        ) }} as value_weighted_score,
        {{ ratio(
            'sum(case when ranked.score is not null'
            ~ ' then ranked.contract_value * cast(ranked.coverage as decimal(10, 6)) else 0 end)',
            'sum(ranked.contract_value)'
        ) }} as value_weighted_coverage,
        max(
            case
                when ranked.worst_rank = 1 and ranked.score is not null then ranked.customer_id
            end
        ) as worst_customer_id,
        min(ranked.score) as worst_score
    from ranked
    group by ranked.account_id, ranked.profile, ranked.as_of_date

),

chosen as (

    select
        summed.*,
        applied.account_rollup,
        applied.previous_date,
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
    chosen.previous_date,
    chosen.member_count,
    chosen.scored_count,
    chosen.contract_value,
    chosen.account_rollup,
    case when {{ is_enough('chosen.coverage') }} then chosen.chosen_score end as score,
    chosen.coverage,
    chosen.own_score,
    chosen.count_weighted_score,
    chosen.count_weighted_coverage,
    chosen.value_weighted_score,
    chosen.value_weighted_coverage,
    chosen.worst_customer_id,
    chosen.worst_score
from chosen
