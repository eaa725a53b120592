-- depends_on: {{ ref('customer_indicators') }}
{# The mart joins its models on customer and month: one that lacks rows would take customers out of
   the mart. Each has a row for every customer and month of ind_value. #}
{% set models = [] -%}
{%- if execute -%}
    {%- for id in graph.nodes['model.scorecard.customer_indicators'].depends_on.nodes
        if graph.nodes[id] and graph.nodes[id].name.startswith('ind_') -%}
        {%- do models.append(graph.nodes[id]) -%}
    {%- endfor -%}
{%- endif -%}
with counted as (

    {% for model in models -%}
    select
        '{{ model.name }}' as model,
        as_of_date,
        count(*) as row_count
    from {{ model.relation_name }}
    group by as_of_date
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        cast(null as varchar) as model,
        cast(null as date) as as_of_date,
        cast(null as bigint) as row_count
    {%- endfor %}

),

expected as (

    select
        counted.as_of_date,
        counted.row_count
    from counted
    where counted.model = 'ind_value'

),

models as (

    select distinct counted.model
    from counted

)

select
    models.model,
    expected.as_of_date,
    expected.row_count as expected_count,
    coalesce(counted.row_count, 0) as found_count
from expected
cross join models
left join counted
    on models.model = counted.model and expected.as_of_date = counted.as_of_date
where coalesce(counted.row_count, 0) < expected.row_count
