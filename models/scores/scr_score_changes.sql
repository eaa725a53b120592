{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('indicators') }}
-- depends_on: {{ ref('scr_weights') }}
-- depends_on: {{ ref('scr_profile_months') }}
-- depends_on: {{ ref('scr_targets') }}
-- depends_on: {{ ref('stg_control__run_window') }}
-- depends_on: {{ ref('scr_measures') }}
{#- Grain: one row per customer, month end and profile with a score now and at the earlier date,
    both computed, whatever was done to them afterwards. -#}
{%- set trees = scorecard_trees(with_changes=true) %}
with months as (

    {{ run_months() }}

),
{% for tree in trees %}
{{ scored_then_and_now(tree) }}
{{ tree['profile'] }}_changes as (

    select
        customer_id,
        as_of_date,
        '{{ tree['profile'] }}' as profile,
        previous_date,
        score_1 - score_0 as computed_change
        {%- for part in ['value', 'scale', 'configuration', 'coverage'] %},
        {%- set terms = [] %}
        {%- for leaf in tree['measures'] %}
        {%- do terms.append(leaf['node_id'] ~ '__' ~ part) %}
        {%- endfor %}
        {{ sum_of(terms) }} as {{ part }}_change
        {%- endfor %}
    from {{ tree['profile'] }}_parts
    where
        {{ is_enough(node_coverage(tree['root'], '11')) }}
        and {{ is_enough(node_coverage(tree['root'], '00')) }}

),
{% endfor %}

changes as (
    {%- for tree in trees %}

    select * from {{ tree['profile'] }}_changes
    {{- '\n    union all' if not loop.last }}
    {%- else %}

    select 1 as customer_id
    {%- endfor %}

)

select changes.*
from changes
