{#- Grain: one row per month end (newest months), profile and value tier or all of them. The change
    of the mean score: of the customers who were scored in the same group at both dates, taken apart
    as theirs is, and of the mix, as customers came and went. -#}
{%- set parts = ['value', 'scale', 'configuration', 'coverage', 'exception', 'override'] %}
{%- set mixes = {
    'came': 'came', 'moved_in': 'came', 'evidence_gained': 'came',
    'left': 'went', 'moved_out': 'went', 'evidence_lost': 'went',
} %}
with months as (

    {{ explained_months() }}

),

pairs as (

    select
        applied.profile,
        applied.as_of_date,
        applied.previous_date
    from {{ ref('scr_profile_months') }} as applied
    inner join months
        on
            applied.as_of_date >= months.first_month
            and applied.as_of_date <= months.last_month
    where applied.is_applied

),

now_rows as (

    select
        pairs.profile,
        pairs.as_of_date,
        scores.customer_id,
        groups.tier,
        scores.score,
        scores.score_change,
        {%- for part in parts %}
        scores.{{ part }}_change,
        {%- endfor %}
        scores.value_change is not null as is_taken_apart
    from pairs
    inner join {{ ref('customer_scorecard') }} as scores
        on pairs.profile = scores.profile and pairs.as_of_date = scores.as_of_date
    inner join {{ ref('scr_groups') }} as groups on scores.tier = groups.customer_tier

),

then_rows as (

    select
        pairs.profile,
        pairs.as_of_date,
        scores.customer_id,
        groups.tier,
        scores.score
    from pairs
    inner join {{ ref('customer_scorecard') }} as scores
        on pairs.profile = scores.profile and pairs.previous_date = scores.as_of_date
    inner join {{ ref('scr_groups') }} as groups on scores.tier = groups.customer_tier

),

-- Whoever has a row in the group at either date. Whoever has one only now was in another group
-- before, if in any.
joined as (

    select
        coalesce(now_rows.profile, then_rows.profile) as profile,
        coalesce(now_rows.as_of_date, then_rows.as_of_date) as as_of_date,
        coalesce(now_rows.customer_id, then_rows.customer_id) as customer_id,
        coalesce(now_rows.tier, then_rows.tier) as tier,
        now_rows.score,
        then_rows.score as previous_score,
        now_rows.customer_id is not null as is_in_now,
        then_rows.customer_id is not null as is_in_then,
        {%- for part in parts[:-1] %}
        case when now_rows.is_taken_apart then now_rows.{{ part }}_change else 0 end
            as {{ part }}_change,
        {%- endfor %}
        -- Where a person set a score that could not be computed, nothing else is known of it.
        case
            when now_rows.is_taken_apart then now_rows.override_change
            else now_rows.score - then_rows.score
        end as override_change
    from now_rows
    full outer join then_rows
        on
            now_rows.profile = then_rows.profile
            and now_rows.as_of_date = then_rows.as_of_date
            and now_rows.customer_id = then_rows.customer_id
            and now_rows.tier = then_rows.tier

),

sorted as (

    select
        joined.*,
        case
            when joined.score is not null and joined.previous_score is not null then 'stayed'
            when joined.score is not null and joined.is_in_then then 'evidence_gained'
            when joined.score is not null and elsewhere_then.customer_id is not null then 'moved_in'
            when joined.score is not null then 'came'
            when joined.previous_score is not null and joined.is_in_now then 'evidence_lost'
            when joined.previous_score is not null and elsewhere_now.customer_id is not null
                then 'moved_out'
            when joined.previous_score is not null then 'left'
        end as movement
    from joined
    left join then_rows as elsewhere_then
        on
            joined.profile = elsewhere_then.profile
            and joined.as_of_date = elsewhere_then.as_of_date
            and joined.customer_id = elsewhere_then.customer_id
            and elsewhere_then.tier = 'all'
    left join now_rows as elsewhere_now
        on
            joined.profile = elsewhere_now.profile
            and joined.as_of_date = elsewhere_now.as_of_date
            and joined.customer_id = elsewhere_now.customer_id
            and elsewhere_now.tier = 'all'

),

sums as (

    select
        sorted.profile,
        sorted.as_of_date,
        sorted.tier,
        count(sorted.score) as scored_count,
        count(sorted.previous_score) as previous_scored_count,
        sum(cast(sorted.score as decimal(28, 6))) as points,
        sum(cast(sorted.previous_score as decimal(28, 6))) as previous_points,
        sum(case when sorted.movement = 'stayed' then 1 else 0 end) as stayed_count,
        sum(
            case
                when sorted.movement = 'stayed' then cast(sorted.score as decimal(28, 6))
                else 0
            end
        ) as stayed_points,
        sum(
            case
                when sorted.movement = 'stayed' then cast(sorted.previous_score as decimal(28, 6))
                else 0
            end
        ) as stayed_previous_points
        {%- for part in parts %},
        sum(
            case
                when sorted.movement = 'stayed'
                    then cast(sorted.{{ part }}_change as decimal(28, 6))
                else 0
            end
        ) as {{ part }}_points
        {%- endfor %}
        {%- for movement, way in mixes.items() %},
        sum(case when sorted.movement = '{{ movement }}' then 1 else 0 end)
            as {{ movement }}_count,
        sum(
            case
                when sorted.movement = '{{ movement }}'
                    then cast(
                        sorted.{{ 'score' if way == 'came' else 'previous_score' }}
                        as decimal(28, 6)
                    )
                else 0
            end
        ) as {{ movement }}_points
        {%- endfor %}
    from sorted
    group by sorted.profile, sorted.as_of_date, sorted.tier

),

-- Who came and who went is held against the mean of those who stayed; where nobody did, against
-- the middle of the two means.
means as (

    select
        sums.*,
        {{ ratio('sums.points', 'sums.scored_count') }} as mean_score,
        {{ ratio('sums.previous_points', 'sums.previous_scored_count') }} as previous_mean_score,
        case
            when sums.stayed_count > 0 then {{ ratio('sums.stayed_points', 'sums.stayed_count') }}
            else (
                {{ ratio('sums.points', 'sums.scored_count') }}
                + {{ ratio('sums.previous_points', 'sums.previous_scored_count') }}
            ) / 2
        end as came_against,
        case
            when sums.stayed_count > 0
                then {{ ratio('sums.stayed_previous_points', 'sums.stayed_count') }}
            else (
                {{ ratio('sums.points', 'sums.scored_count') }}
                + {{ ratio('sums.previous_points', 'sums.previous_scored_count') }}
            ) / 2
        end as went_against
    from sums
    where sums.scored_count > 0 and sums.previous_scored_count > 0

)

select
    means.as_of_date,
    means.profile,
    means.tier,
    pairs.previous_date,
    cast(means.scored_count as integer) as scored_count,
    cast(means.previous_scored_count as integer) as previous_scored_count,
    cast(means.stayed_count as integer) as stayed_count,
    {%- for movement in mixes %}
    cast(means.{{ movement }}_count as integer) as {{ movement }}_count,
    {%- endfor %}
    round(means.mean_score, 6) as mean_score,
    round(means.previous_mean_score, 6) as previous_mean_score,
    {{ six_decimals('means.mean_score - means.previous_mean_score') }} as mean_change
    {%- for part in parts %},
    {{ six_decimals(
        'coalesce(' ~ ratio('means.' ~ part ~ '_points', 'means.stayed_count') ~ ', 0)'
    ) }} as {{ part }}_change
    {%- endfor %}
    {%- for movement, way in mixes.items() %}
    {%- set n = 'means.' ~ movement ~ '_count' %},
    {{ six_decimals(
        ('' if way == 'came' else '-') ~ '(means.' ~ movement ~ '_points - ' ~ n ~ ' * means.'
        ~ way ~ '_against) / '
        ~ ('means.scored_count' if way == 'came' else 'means.previous_scored_count')
    ) }} as {{ movement }}_change
    {%- endfor %}
from means
inner join pairs on means.profile = pairs.profile and means.as_of_date = pairs.as_of_date
