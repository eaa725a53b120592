{#- Grain: one row per month end (newest months), profile and organisation of several customers. -#}
with months as (

    {{ explained_months() }}

)

select
    accounts.account_id,
    accounts.as_of_date,
    accounts.profile,
    cast(accounts.member_count as integer) as member_count,
    cast(accounts.scored_count as integer) as scored_count,
    cast(accounts.contract_value as decimal(18, 4)) as contract_value,
    accounts.account_rollup,
    round(accounts.score, 6) as score,
    round(accounts.coverage, 6) as coverage,
    case when accounts.score is null then 'insufficient_evidence' else 'published' end as status,
    accounts.previous_date,
    round(earlier.score, 6) as previous_score,
    {{ six_decimals('accounts.score - earlier.score') }} as score_change,
    accounts.own_score,
    round(accounts.count_weighted_score, 6) as count_weighted_score,
    round(accounts.count_weighted_coverage, 6) as count_weighted_coverage,
    round(accounts.value_weighted_score, 6) as value_weighted_score,
    round(accounts.value_weighted_coverage, 6) as value_weighted_coverage,
    accounts.worst_customer_id,
    accounts.worst_score
from {{ ref('scr_accounts') }} as accounts
inner join months
    on
        accounts.as_of_date >= months.first_month
        and accounts.as_of_date <= months.last_month
left join {{ ref('scr_accounts') }} as earlier
    on
        accounts.account_id = earlier.account_id
        and accounts.profile = earlier.profile
        and accounts.previous_date = earlier.as_of_date
