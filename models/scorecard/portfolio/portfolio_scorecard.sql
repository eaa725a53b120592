{#- Grain: one row per month end and profile that scores the portfolio. -#}
{%- set parts = ['value', 'scale', 'configuration', 'coverage'] %}
with nodes as (

    select
        nodes.*,
        weights.node_kind,
        replace(weights.indicator_id, '.', '__') as measured_by,
        case when {{ is_enough('nodes.whole_coverage') }} then 1 else 0 end as is_enough_measured
    from {{ ref('scr_portfolio_nodes') }} as nodes
    inner join {{ ref('scr_weights') }} as weights
        on
            nodes.profile = weights.profile
            and nodes.as_of_date = weights.as_of_date
            and nodes.node_id = weights.node_id

),

scores as (

    select
        nodes.profile,
        nodes.as_of_date,
        nodes.whole_coverage as coverage,
        nodes.measured_count as measure_count,
        case when nodes.is_enough_measured = 1 then nodes.score end as score
    from nodes
    where nodes.node_kind = 'root'

),

measures as (

    select
        nodes.profile,
        nodes.as_of_date,
        sum(case when nodes.score >= 75 then 1 else 0 end) as target_met_count,
        sum(case when portfolio_values.is_low_n and nodes.score is not null then 1 else 0 end)
            as low_n_count
    from nodes
    left join {{ ref('scr_portfolio_values') }} as portfolio_values
        on
            nodes.as_of_date = portfolio_values.as_of_date
            and nodes.measured_by = portfolio_values.indicator_id
    where nodes.node_kind = 'measure'
    group by nodes.profile, nodes.as_of_date

),

levers as (

    select
        nodes.profile,
        nodes.as_of_date,
        nodes.node_id,
        nodes.lever_gain,
        row_number() over (
            partition by nodes.profile, nodes.as_of_date
            order by nodes.lever_gain desc, nodes.node_id asc
        ) as best_rank
    from nodes
    where nodes.lever_gain is not null and nodes.is_enough_measured = 1

),

best_levers as (

    select levers.*
    from levers
    where levers.best_rank = 1

),

-- How far the score usually moves in a month: its own past, since there is one portfolio.
steps as (

    select
        scores.profile,
        scores.as_of_date,
        scores.score - earlier.score as score_step
    from scores
    inner join scores as earlier
        on
            scores.profile = earlier.profile
            and {{ month_end_after('scores.as_of_date', -1) }} = earlier.as_of_date
    where scores.score is not null and earlier.score is not null

),

year_before as (

    select
        scores.as_of_date,
        scores.profile,
        steps.score_step as value,
        count(*) as customers
    from scores
    inner join steps
        on
            scores.profile = steps.profile
            and scores.as_of_date > steps.as_of_date
            and {{ month_end_after('scores.as_of_date', -12) }} <= steps.as_of_date
    group by scores.as_of_date, scores.profile, steps.score_step

),

{{ spreads_of_changes(['profile']) }},

changes as (

    select
        changes.profile,
        changes.as_of_date
        {%- for part in parts %},
        cast(sum(cast(changes.{{ part }}_change as decimal(28, 12))) as double)
            as {{ part }}_change
        {%- endfor %}
    from {{ ref('scr_portfolio_changes') }} as changes
    group by changes.profile, changes.as_of_date

),

bands as (

    {{ bands_in_force(ref('scr_portfolio_months')) }}

),

compared as (

    select
        scores.*,
        round(scores.score, 6) as published_score,
        months.previous_date,
        versions.config_version,
        earlier.score as earlier_score,
        greatest(
            months.dead_band_points,
            months.dead_band_sigmas * 1.4826 * coalesce(cast(spreads.middle as double), 0)
        ) as dead_band
        {%- for part in parts %},
        changes.{{ part }}_change
        {%- endfor %}
    from scores
    inner join {{ ref('scr_portfolio_months') }} as months
        on scores.profile = months.profile and scores.as_of_date = months.as_of_date
    inner join {{ ref('scr_config_versions') }} as versions
        on scores.as_of_date = versions.as_of_date
    left join scores as earlier
        on months.profile = earlier.profile and months.previous_date = earlier.as_of_date
    left join changes
        on scores.profile = changes.profile and scores.as_of_date = changes.as_of_date
    left join spreads
        on scores.profile = spreads.profile and scores.as_of_date = spreads.as_of_date

)

select
    compared.as_of_date,
    compared.profile,
    compared.published_score as score,
    round(compared.coverage, 6) as coverage,
    bands.band,
    case when compared.score is null then 'insufficient_evidence' else 'published' end as status,
    cast(compared.measure_count as integer) as measure_count,
    cast(coalesce(measures.target_met_count, 0) as integer) as target_met_count,
    cast(coalesce(measures.low_n_count, 0) as integer) as low_n_count,
    compared.previous_date,
    round(compared.earlier_score, 6) as previous_score,
    {{ six_decimals('compared.score - compared.earlier_score') }} as score_change,
    round(compared.dead_band, 6) as dead_band,
    {{ trend_of('compared.score', 'compared.earlier_score', 'compared.dead_band') }} as trend
    {%- for part in parts %},
    {{ six_decimals('compared.' ~ part ~ '_change') }} as {{ part }}_change
    {%- endfor %},
    best_levers.node_id as best_lever,
    round(best_levers.lever_gain, 6) as best_lever_gain,
    compared.config_version
from compared
left join measures
    on compared.profile = measures.profile and compared.as_of_date = measures.as_of_date
left join bands
    on
        compared.profile = bands.profile
        and compared.as_of_date = bands.as_of_date
        and compared.published_score >= bands.lower_bound
        and compared.published_score < bands.upper_limit
left join best_levers
    on compared.profile = best_levers.profile and compared.as_of_date = best_levers.as_of_date
