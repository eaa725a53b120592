{#- Grain: one row per month end, profile that scores the portfolio and measure in force. -#}
with nodes as (

    select
        nodes.*,
        weights.parent_id,
        weights.label,
        weights.label_zh,
        weights.global_weight,
        weights.is_lever,
        weights.dead_band_points,
        replace(weights.indicator_id, '.', '__') as measured_by,
        weights.indicator_id,
        {{ month_end_after(
            'nodes.as_of_date', '-coalesce(weights.trend_months, months.trend_months)'
        ) }} as compared_with,
        months.dead_band_points as profile_dead_band_points,
        case when {{ is_enough('nodes.whole_coverage') }} then 1 else 0 end as is_enough_measured
    from {{ ref('scr_portfolio_nodes') }} as nodes
    inner join {{ ref('scr_weights') }} as weights
        on
            nodes.profile = weights.profile
            and nodes.as_of_date = weights.as_of_date
            and nodes.node_id = weights.node_id
    inner join {{ ref('scr_portfolio_months') }} as months
        on nodes.profile = months.profile and nodes.as_of_date = months.as_of_date
    where weights.node_kind = 'measure'

),

compared as (

    select
        nodes.*,
        earlier.score as earlier_score,
        coalesce(nodes.dead_band_points, nodes.profile_dead_band_points) as dead_band
    from nodes
    left join {{ ref('scr_portfolio_nodes') }} as earlier
        on
            nodes.profile = earlier.profile
            and nodes.node_id = earlier.node_id
            and nodes.compared_with = earlier.as_of_date

),

-- What the value rests on is as new as the system whose facts end first.
fresh_systems as (

    select
        months.as_of_date,
        sources.mart,
        sources.source_system,
        max(
            case
                when source_months.is_measured and source_months.as_of_date <= months.as_of_date
                    then source_months.as_of_date
            end
        ) as fresh_until
    from {{ ref('int_months') }} as months
    cross join {{ ref('portfolio_sources') }} as sources
    left join {{ ref('int_source_months') }} as source_months
        on sources.source_system = source_months.source_system
    group by months.as_of_date, sources.mart, sources.source_system

),

freshness as (

    select
        fresh_systems.as_of_date,
        fresh_systems.mart,
        {{ dbt.listagg(
            'fresh_systems.source_system', "', '", 'order by fresh_systems.source_system'
        ) }} as source_systems,
        case
            when count(*) = count(fresh_systems.fresh_until) then min(fresh_systems.fresh_until)
        end as fresh_until
    from fresh_systems
    group by fresh_systems.as_of_date, fresh_systems.mart

)

select
    compared.as_of_date,
    compared.profile,
    compared.parent_id as perspective,
    compared.node_id as measure,
    catalogue.mart,
    catalogue.indicator_id,
    compared.label,
    compared.label_zh,
    catalogue.unit,
    catalogue.direction,
    round(compared.raw_value, 6) as raw_value,
    round(targets.floor_value, 6) as floor_value,
    round(targets.target_value, 6) as target_value,
    round(targets.stretch_value, 6) as stretch_value,
    targets.target_source,
    -- A quotient says something only of two numbers above zero.
    case
        when targets.target_value <= 0 then null
        when catalogue.direction = 'higher_is_better'
            then round({{ ratio('compared.raw_value', 'targets.target_value') }}, 6)
        when compared.raw_value > 0
            then round({{ ratio('targets.target_value', 'compared.raw_value') }}, 6)
    end as attainment,
    round(compared.score, 6) as score,
    round(compared.earlier_score, 6) as previous_score,
    {{ six_decimals('compared.score - compared.earlier_score') }} as score_change,
    compared.dead_band,
    {{ trend_of('compared.score', 'compared.earlier_score', 'compared.dead_band') }} as trend,
    round(compared.global_weight, 6) as weight,
    compared.coverage as evidence,
    case when compared.is_enough_measured = 1 then round(compared.effective_weight, 6) end
        as effective_weight,
    case when compared.is_enough_measured = 1 then round(compared.contribution, 6) end
        as contribution,
    portfolio_values.case_count,
    portfolio_values.is_low_n,
    freshness.source_systems,
    freshness.fresh_until,
    compared.is_lever,
    case when compared.is_enough_measured = 1 then round(compared.lever_gain, 6) end as lever_gain
from compared
inner join {{ ref('group_measures') }} as catalogue
    on compared.indicator_id = concat(catalogue.mart, '.', catalogue.indicator_id)
left join {{ ref('scr_portfolio_values') }} as portfolio_values
    on
        compared.as_of_date = portfolio_values.as_of_date
        and compared.measured_by = portfolio_values.indicator_id
left join {{ ref('scr_portfolio_targets') }} as targets
    on
        compared.as_of_date = targets.as_of_date
        and compared.measured_by = targets.indicator_id
left join freshness
    on compared.as_of_date = freshness.as_of_date and catalogue.mart = freshness.mart
