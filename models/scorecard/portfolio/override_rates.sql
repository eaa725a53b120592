{#- Grain: one row per month end, profile and team that set a score, and one for all of them. -#}
with scores as (

    select
        scores.as_of_date,
        scores.profile,
        scores.override_team,
        scores.is_overridden,
        scores.score - scores.score_before_override as adjustment
    from {{ ref('customer_scorecard') }} as scores
    where scores.score is not null

),

totals as (

    select
        scores.as_of_date,
        scores.profile,
        count(*) as scored_count
    from scores
    group by scores.as_of_date, scores.profile

),

overridden as (

    select
        scores.as_of_date,
        scores.profile,
        scores.override_team as team,
        scores.adjustment
    from scores
    where scores.is_overridden
    union all
    select
        scores.as_of_date,
        scores.profile,
        'all' as team,
        scores.adjustment
    from scores
    where scores.is_overridden

),

counted as (

    select
        overridden.as_of_date,
        overridden.profile,
        overridden.team,
        count(*) as overridden_count,
        sum(case when overridden.adjustment > 0 then 1 else 0 end) as raised_count,
        sum(case when overridden.adjustment < 0 then 1 else 0 end) as lowered_count,
        count(*) - count(overridden.adjustment) as uncomputed_count,
        {{ mean('overridden.adjustment') }} as mean_adjustment
    from overridden
    group by overridden.as_of_date, overridden.profile, overridden.team

),

-- Where nobody set a score, that is a rate of zero and not a missing one.
teams as (

    select
        counted.as_of_date,
        counted.profile,
        counted.team
    from counted
    union
    select
        totals.as_of_date,
        totals.profile,
        'all' as team
    from totals

)

select
    teams.as_of_date,
    teams.profile,
    teams.team,
    cast(totals.scored_count as integer) as scored_count,
    cast(coalesce(counted.overridden_count, 0) as integer) as overridden_count,
    {{ rate_columns(
        'overridden', 'coalesce(counted.overridden_count, 0)', 'totals.scored_count'
    ) }},
    cast(coalesce(counted.raised_count, 0) as integer) as raised_count,
    cast(coalesce(counted.lowered_count, 0) as integer) as lowered_count,
    cast(coalesce(counted.uncomputed_count, 0) as integer) as uncomputed_count,
    round(counted.mean_adjustment, 6) as mean_adjustment
from teams
inner join totals on teams.as_of_date = totals.as_of_date and teams.profile = totals.profile
left join counted
    on
        teams.as_of_date = counted.as_of_date
        and teams.profile = counted.profile
        and teams.team = counted.team
