{#- Grain: one row per profile, node in force and month end. Levels of the tree one after the other:
    engines do not share a way to recurse. -#}
{%- set levels = 10 %}
with in_force as (

    select
        nodes.profile,
        months.as_of_date,
        nodes.node_id,
        nodes.parent_id,
        nodes.label,
        nodes.label_zh,
        nodes.indicator_id,
        nodes.scoring,
        nodes.is_lever,
        nodes.trend_months,
        nodes.dead_band_points,
        nodes.substitutes,
        nodes.needs,
        cast(nodes.weight as double) as seed_weight,
        coalesce(computed.method, 'fixed') as method,
        coalesce(computed.weight, cast(nodes.weight as double)) as weight
    from {{ ref('scorecard_nodes') }} as nodes
    inner join {{ ref('int_months') }} as months
        on {{ holds_on('months.as_of_date', 'nodes.valid_from', 'nodes.valid_until') }}
    left join {{ ref('stg_ml__scorecard_weights') }} as computed
        on
            nodes.profile = computed.profile
            and nodes.node_id = computed.node_id
            and {{ holds_on(
                'months.as_of_date', 'computed.in_force_from', 'computed.in_force_until'
            ) }}

),

level_0 as (

    select
        in_force.*,
        0 as depth,
        cast(1 as double) as global_weight
    from in_force
    where in_force.parent_id is null

),
{% for level in range(1, levels) %}

level_{{ level }} as (

    select
        in_force.*,
        {{ level }} as depth,
        parents.global_weight * in_force.weight as global_weight
    from in_force
    inner join level_{{ level - 1 }} as parents
        on
            in_force.profile = parents.profile
            and in_force.as_of_date = parents.as_of_date
            and in_force.parent_id = parents.node_id

),
{% endfor %}

nodes as (
    {% for level in range(levels) %}
    select level_{{ level }}.* from level_{{ level }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

)

select
    nodes.profile,
    nodes.as_of_date,
    nodes.node_id,
    nodes.parent_id,
    case
        when nodes.scoring is not null then 'measure'
        when nodes.parent_id is null then 'root'
        else 'dimension'
    end as node_kind,
    cast(nodes.depth as integer) as depth,
    nodes.label,
    nodes.label_zh,
    nodes.indicator_id,
    nodes.scoring,
    nodes.is_lever,
    nodes.trend_months,
    cast(nodes.dead_band_points as double) as dead_band_points,
    nodes.substitutes,
    nodes.needs,
    nodes.method,
    nodes.seed_weight,
    nodes.weight,
    nodes.global_weight
from nodes
