{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('exceptions') }}
-- depends_on: {{ ref('indicators') }}
-- depends_on: {{ ref('scr_weights') }}
-- depends_on: {{ ref('scr_profile_months') }}
-- depends_on: {{ ref('scr_measures') }}
{#- Grain: one row per customer, month end and profile that is applied in it. -#}
{%- set trees, all_rules = scorecard_trees(), scorecard_exceptions() %}
{%- set parts = {
    'current_value': ['current_value', 'current'],
    'potential': ['potential'],
    'relationship': ['relationship'],
} %}
with months as (

    {{ run_months() }}

),
{% for tree in trees %}
{%- set p = tree['profile'] %}
{%- set rules = all_rules | selectattr('profile', 'in', ['*', p]) | list %}
{{ scored_now(tree, rules) }}
{{ p }}_levers as (

    select
        *,
        {{ node_coverage(tree['root'], '11') }} as whole_coverage
        {%- for leaf in tree['measures'] %},
        {{ lever_gain(leaf) }} as {{ leaf['node_id'] }}__gain
        {%- endfor %}
    from {{ p }}_weighted

),

{{ p }}_computed as (

    select
        *,
        case when {{ is_enough('whole_coverage') }} then {{ node_score(tree['root'], '11') }} end
            as computed_score,
        case
            when {{ is_enough('whole_coverage') }}
                then {{ greatest_of(tree['measures'] | map(attribute='node_id') | list, '__gain') }}
        end as best_gain
    from {{ p }}_levers

),

{{ p }}_rule_0 as (

    select
        *,
        computed_score as score_after_0,
        cast(null as varchar) as band_after_0,
        cast(null as varchar) as exception_after_0
    from {{ p }}_computed

),
{{ apply_exceptions(p, rules) }}
{{ p }}_scores as (

    select
        customer_id,
        as_of_date,
        '{{ p }}' as profile,
        tier,
        value_basis,
        whole_coverage as coverage,
        {{ count_of_measured(tree) }} as measure_count,
        computed_score as score_before_exceptions,
        exception_after_{{ rules | length }} as exception_id,
        score_after_{{ rules | length }} as score_before_override,
        band_after_{{ rules | length }} as forced_band,
        cast(
            case best_gain
                {%- for leaf in tree['measures'] if leaf['is_lever'] %}
                when {{ leaf['node_id'] }}__gain then '{{ leaf['node_id'] }}'
                {%- else %}
                when -1 then null
                {%- endfor %}
            end as varchar
        ) as best_lever,
        best_gain as best_lever_gain
        {%- for part, names in parts.items() %}
        {%- set node = tree['dimensions'] | selectattr('node_id', 'in', names) | list | first %},
        {%- if node %}
        case
            when {{ is_enough(node_coverage(node, '11')) }} then {{ node_score(node, '11') }}
        end as {{ part }}_score,
        {{ node_coverage(node, '11') }} as {{ part }}_coverage
        {%- else %}
        cast(null as double) as {{ part }}_score,
        cast(null as double) as {{ part }}_coverage
        {%- endif %}
        {%- endfor %}
    from {{ p }}_{{ 'rule_' ~ rules | length }}

),
{% endfor %}

scores as (
    {%- for tree in trees %}

    select * from {{ tree['profile'] }}_scores
    {{- '\n    union all' if not loop.last }}
    {%- else %}

    select 1 as customer_id
    {%- endfor %}

)

select
    scores.*,
    coalesce(overrides.value, scores.score_before_override) as score,
    overrides.value as override_value,
    overrides.author as override_author,
    overrides.team as override_team,
    overrides.reason as override_reason,
    overrides.valid_until as override_until
from scores
left join {{ ref('scr_overrides') }} as overrides
    on
        scores.customer_id = overrides.customer_id
        and scores.as_of_date = overrides.as_of_date
        and scores.profile = overrides.profile
