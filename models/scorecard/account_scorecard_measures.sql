{#- Grain: one row per month end (newest months), profile, organisation with a published score,
    member that has a part in it, and what the member's score is made of: its measures, and what an
    exception and an override did, where they did anything. -#}
with months as (

    {{ explained_months() }}

),

members as (

    select
        members.account_id,
        members.as_of_date,
        members.profile,
        members.customer_id,
        {{ member_share('members', 'accounts.account_rollup') }} as share,
        scores.score,
        scores.score_before_exceptions,
        scores.score_before_override
    from {{ ref('scr_accounts') }} as accounts
    inner join months
        on
            accounts.as_of_date >= months.first_month
            and accounts.as_of_date <= months.last_month
    inner join {{ ref('scr_account_members') }} as members
        on
            accounts.account_id = members.account_id
            and accounts.as_of_date = members.as_of_date
            and accounts.profile = members.profile
    inner join {{ ref('customer_scorecard') }} as scores
        on
            members.customer_id = scores.customer_id
            and members.as_of_date = scores.as_of_date
            and members.profile = scores.profile
    where
        accounts.score is not null
        and {{ member_share('members', 'accounts.account_rollup') }} > 0

),

causes as (

    select
        members.account_id,
        members.as_of_date,
        members.profile,
        members.customer_id,
        measures.measure as cause,
        'measure' as cause_kind,
        measures.dimension,
        measures.indicator_id,
        measures.label,
        measures.label_zh,
        members.share,
        measures.raw_value,
        measures.score,
        members.share * coalesce(measures.effective_weight, 0) as effective_weight,
        members.share * coalesce(measures.contribution, 0) as contribution,
        measures.age_days,
        measures.source_row_count
    from members
    inner join {{ ref('customer_scorecard_measures') }} as measures
        on
            members.customer_id = measures.customer_id
            and members.as_of_date = measures.as_of_date
            and members.profile = measures.profile
    {%- for cause, points in {
        'exception': 'coalesce(members.score_before_override - members.score_before_exceptions, 0)',
        'override': 'members.score - coalesce(members.score_before_override, 0)',
    }.items() %}
    union all
    select
        members.account_id,
        members.as_of_date,
        members.profile,
        members.customer_id,
        '{{ cause }}' as cause,
        '{{ cause }}' as cause_kind,
        cast(null as varchar) as dimension,
        cast(null as varchar) as indicator_id,
        cast(null as varchar) as label,
        cast(null as varchar) as label_zh,
        members.share,
        cast(null as double) as raw_value,
        cast(null as double) as score,
        cast(null as double) as effective_weight,
        members.share * ({{ points }}) as contribution,
        cast(null as integer) as age_days,
        cast(null as integer) as source_row_count
    from members
    where {{ points }} <> 0
    {%- endfor %}

)

select
    causes.account_id,
    causes.as_of_date,
    causes.profile,
    causes.customer_id,
    causes.cause,
    causes.cause_kind,
    causes.dimension,
    causes.indicator_id,
    causes.label,
    causes.label_zh,
    round(causes.share, 6) as share,
    causes.raw_value,
    causes.score,
    round(causes.effective_weight, 6) as effective_weight,
    {{ six_decimals('causes.contribution') }} as contribution,
    causes.age_days,
    causes.source_row_count
from causes
