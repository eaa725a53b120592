-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('indicators') }}
-- depends_on: {{ ref('scr_weights') }}
-- depends_on: {{ ref('scr_profile_months') }}
-- depends_on: {{ ref('scr_measures') }}
{#- Grain: one row per customer, month end, profile and node that is no measure. -#}
{%- set trees = scorecard_trees() %}
with months as (

    {{ explained_months() }}

),
{% for tree in trees %}
{{ scored_now(tree) }}
{%- for node in tree['dimensions'] %}
{{ tree['profile'] }}_{{ node['node_id'] }} as (

    select
        customer_id,
        as_of_date,
        '{{ tree['profile'] }}' as profile,
        '{{ node['node_id'] }}' as node_id,
        {{ node_score(node, '11') }} as score,
        {{ node_coverage(node, '11') }} as coverage,
        {{ node['node_id'] ~ '__e11' if node['depth'] else 'cast(1 as double)' }}
            as effective_weight
    from {{ tree['profile'] }}_weighted

),
{%- endfor %}
{% endfor %}

nodes as (
    {%- for tree in trees %}
    {%- set is_last = loop.last %}
    {%- for node in tree['dimensions'] %}

    select * from {{ tree['profile'] }}_{{ node['node_id'] }}
    {{- '\n    union all' if not (is_last and loop.last) }}
    {%- endfor %}
    {%- else %}

    select 1 as customer_id
    {%- endfor %}

)

select
    nodes.customer_id,
    nodes.as_of_date,
    nodes.profile,
    nodes.node_id,
    weights.parent_id,
    weights.depth,
    weights.label,
    weights.label_zh,
    case when {{ is_enough('nodes.coverage') }} then round(nodes.score, 6) end as score,
    round(nodes.coverage, 6) as coverage,
    case
        when nodes.score is null or not {{ is_enough('nodes.coverage') }}
            then 'insufficient_evidence'
        else 'published'
    end as status,
    round(weights.weight, 6) as weight,
    round(nodes.effective_weight, 6) as effective_weight
from nodes
inner join {{ ref('scr_weights') }} as weights
    on
        nodes.profile = weights.profile
        and nodes.as_of_date = weights.as_of_date
        and nodes.node_id = weights.node_id
