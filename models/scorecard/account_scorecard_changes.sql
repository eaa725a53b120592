{#- Grain: one row per month end (newest months), profile, organisation scored at both dates, member
    and cause: what the member's own change did, taken apart as in customer_scorecard_changes, and
    what its share did. Exact, as the change of a customer's score is (handbook C1): the way to roll
    up is the configuration, who is scored and what they are worth the evidence. -#}
with months as (

    {{ explained_months() }}

),

pairs as (

    select
        accounts.account_id,
        accounts.profile,
        accounts.as_of_date,
        accounts.previous_date,
        accounts.account_rollup,
        earlier.account_rollup as previous_rollup,
        (accounts.score + earlier.score) / 2 as middle
    from {{ ref('scr_accounts') }} as accounts
    inner join months
        on
            accounts.as_of_date >= months.first_month
            and accounts.as_of_date <= months.last_month
    inner join {{ ref('scr_accounts') }} as earlier
        on
            accounts.account_id = earlier.account_id
            and accounts.profile = earlier.profile
            and accounts.previous_date = earlier.as_of_date
    where accounts.score is not null and earlier.score is not null

),

-- The first digit is the way to roll up, the second the members: 1 of now, 0 of then.
now_shares as (

    select
        pairs.account_id,
        pairs.profile,
        pairs.as_of_date,
        members.customer_id,
        members.score,
        {{ member_share('members', 'pairs.account_rollup') }} as share_11,
        {{ member_share('members', 'pairs.previous_rollup') }} as share_01
    from pairs
    inner join {{ ref('scr_account_members') }} as members
        on
            pairs.account_id = members.account_id
            and pairs.profile = members.profile
            and pairs.as_of_date = members.as_of_date

),

then_shares as (

    select
        pairs.account_id,
        pairs.profile,
        pairs.as_of_date,
        members.customer_id,
        members.score,
        {{ member_share('members', 'pairs.account_rollup') }} as share_10,
        {{ member_share('members', 'pairs.previous_rollup') }} as share_00
    from pairs
    inner join {{ ref('scr_account_members') }} as members
        on
            pairs.account_id = members.account_id
            and pairs.profile = members.profile
            and pairs.previous_date = members.as_of_date

),

-- A member that has come since, or is no longer there, is taken at the score that it has.
joined as (

    select
        coalesce(now_shares.account_id, then_shares.account_id) as account_id,
        coalesce(now_shares.profile, then_shares.profile) as profile,
        coalesce(now_shares.as_of_date, then_shares.as_of_date) as as_of_date,
        coalesce(now_shares.customer_id, then_shares.customer_id) as customer_id,
        (
            coalesce(now_shares.score, then_shares.score, 0)
            + coalesce(then_shares.score, now_shares.score, 0)
        ) / 2 as mean_score,
        coalesce(now_shares.share_11, 0) as share_11,
        coalesce(now_shares.share_01, 0) as share_01,
        coalesce(then_shares.share_10, 0) as share_10,
        coalesce(then_shares.share_00, 0) as share_00
    from now_shares
    full outer join then_shares
        on
            now_shares.account_id = then_shares.account_id
            and now_shares.profile = then_shares.profile
            and now_shares.as_of_date = then_shares.as_of_date
            and now_shares.customer_id = then_shares.customer_id

),

-- Where nobody would count under the one way to roll up with the members of the other date, what
-- the members did cannot be told from what the way did: all of it is configuration.
mixed as (

    select
        joined.*,
        max(joined.share_10) over (
            partition by joined.account_id, joined.profile, joined.as_of_date
        ) > 0
        and max(joined.share_01) over (
            partition by joined.account_id, joined.profile, joined.as_of_date
        ) > 0 as is_told_apart
    from joined

),

members as (

    select
        mixed.account_id,
        mixed.profile,
        mixed.as_of_date,
        mixed.customer_id,
        pairs.previous_date,
        mixed.share_00 as previous_share,
        mixed.share_11 as share,
        (mixed.share_11 + mixed.share_00) / 2 as mean_share,
        (mixed.mean_score - pairs.middle) * case
            when mixed.is_told_apart
                then (mixed.share_11 - mixed.share_01 + mixed.share_10 - mixed.share_00) / 2
            else mixed.share_11 - mixed.share_00
        end as configuration_change,
        (mixed.mean_score - pairs.middle) * case
            when mixed.is_told_apart
                then (mixed.share_11 - mixed.share_10 + mixed.share_01 - mixed.share_00) / 2
            else 0
        end as share_change
    from mixed
    inner join pairs
        on
            mixed.account_id = pairs.account_id
            and mixed.profile = pairs.profile
            and mixed.as_of_date = pairs.as_of_date
    where mixed.share_11 > 0 or mixed.share_00 > 0

),

causes as (

    select
        members.account_id,
        members.as_of_date,
        members.profile,
        members.customer_id,
        changes.cause,
        changes.cause_kind,
        members.previous_date,
        members.previous_share,
        members.share,
        {%- for part in ['value', 'scale', 'configuration', 'coverage', 'exception', 'override'] %}
        members.mean_share * coalesce(changes.{{ part }}_change, 0) as {{ part }}_change,
        {%- endfor %}
        cast(0 as double) as share_change
    from members
    inner join {{ ref('customer_scorecard_changes') }} as changes
        on
            members.customer_id = changes.customer_id
            and members.as_of_date = changes.as_of_date
            and members.profile = changes.profile
    union all
    select
        members.account_id,
        members.as_of_date,
        members.profile,
        members.customer_id,
        'member_share' as cause,
        'member_share' as cause_kind,
        members.previous_date,
        members.previous_share,
        members.share,
        {%- for part in ['value', 'scale', 'configuration', 'coverage', 'exception', 'override'] %}
        {{ 'members.configuration_change' if part == 'configuration' else 'cast(0 as double)' }}
            as {{ part }}_change,
        {%- endfor %}
        members.share_change
    from members

)

select
    causes.account_id,
    causes.as_of_date,
    causes.profile,
    causes.customer_id,
    causes.cause,
    causes.cause_kind,
    causes.previous_date,
    round(causes.previous_share, 6) as previous_share,
    round(causes.share, 6) as share,
    {%- for part in [
        'value', 'scale', 'configuration', 'coverage', 'exception', 'override', 'share'
    ] %}
    {{ six_decimals('causes.' ~ part ~ '_change') }} as {{ part }}_change,
    {%- endfor %}
    {{ six_decimals(
        'causes.value_change + causes.scale_change + causes.configuration_change'
        ~ ' + causes.coverage_change + causes.exception_change + causes.override_change'
        ~ ' + causes.share_change'
    ) }} as total_change
from causes
