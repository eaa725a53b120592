-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('group_measures') }}
-- depends_on: {{ ref('scr_weights') }}
-- depends_on: {{ ref('scr_portfolio_months') }}
-- depends_on: {{ ref('scr_portfolio_measures') }}
{#- Grain: one row per profile that scores the portfolio, month end and node of its tree: root,
    dimensions and measures, unrounded. -#}
{%- set trees = portfolio_trees() %}
with months as (

    select
        min(int_months.as_of_date) as first_month,
        max(int_months.as_of_date) as last_month
    from {{ ref('int_months') }} as int_months

),
{% for tree in trees %}
{%- set p = tree['profile'] %}
{{ scored_now(tree) }}
{{ p }}_whole as (

    select
        *,
        {{ node_coverage(tree['root'], '11') }} as whole_coverage,
        {{ count_of_measured(tree) }} as measured_count
    from {{ p }}_weighted

),
{% endfor %}

nodes as (
    {%- for tree in trees %}
    {%- set p, is_last = tree['profile'], loop.last %}
    {%- for node in tree['dimensions'] %}

    select
        as_of_date,
        '{{ p }}' as profile,
        '{{ node['node_id'] }}' as node_id,
        whole_coverage,
        measured_count,
        cast(null as double) as raw_value,
        {{ node_score(node, '11') }} as score,
        {{ node_coverage(node, '11') }} as coverage,
        {{ node['node_id'] ~ '__e11' if node['depth'] else 'cast(1 as double)' }}
            as effective_weight,
        cast(null as double) as contribution,
        cast(null as double) as lever_gain
    from {{ p }}_whole
    union all
    {%- endfor %}
    {%- for leaf in tree['measures'] %}
    {%- set n = leaf['node_id'] %}

    select
        as_of_date,
        '{{ p }}' as profile,
        '{{ n }}' as node_id,
        whole_coverage,
        measured_count,
        {{ n }}__x1 as raw_value,
        {{ n }}__s1 as score,
        {{ n }}__m1 as coverage,
        {{ n }}__e11 as effective_weight,
        {{ n }}__e11 * coalesce({{ n }}__s1, 0) as contribution,
        {{ lever_gain(leaf) }} as lever_gain
    from {{ p }}_whole
    {{- '\n    union all' if not (is_last and loop.last) }}
    {%- endfor %}
    {%- else %}

    select
        cast(null as date) as as_of_date,
        cast(null as varchar) as profile,
        cast(null as varchar) as node_id,
        cast(null as double) as whole_coverage,
        cast(null as integer) as measured_count,
        cast(null as double) as raw_value,
        cast(null as double) as score,
        cast(null as double) as coverage,
        cast(null as double) as effective_weight,
        cast(null as double) as contribution,
        cast(null as double) as lever_gain
    from months
    where months.first_month is null
    {%- endfor %}

)

select nodes.*
from nodes
