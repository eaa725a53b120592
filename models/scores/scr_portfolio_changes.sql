-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('group_measures') }}
-- depends_on: {{ ref('scr_weights') }}
-- depends_on: {{ ref('scr_portfolio_months') }}
-- depends_on: {{ ref('scr_portfolio_targets') }}
-- depends_on: {{ ref('scr_portfolio_measures') }}
{#- Grain: one row per profile that scores the portfolio, month end and measure with a weight at
    one of the two dates, where both months have a score: its parts of the change, unrounded. -#}
{%- set trees = portfolio_trees() %}
with months as (

    select
        min(int_months.as_of_date) as first_month,
        max(int_months.as_of_date) as last_month
    from {{ ref('int_months') }} as int_months

),
{% for tree in trees %}
{%- set p = tree['profile'] %}
{{ scored_then_and_now(tree) }}
{{ p }}_told as (

    select *
    from {{ p }}_parts
    where
        {{ is_enough(node_coverage(tree['root'], '11')) }}
        and {{ is_enough(node_coverage(tree['root'], '00')) }}

),
{% endfor %}

changes as (
    {%- for tree in trees %}
    {%- set p, is_last = tree['profile'], loop.last %}
    {%- for leaf in tree['measures'] %}
    {%- set n = leaf['node_id'] %}

    select
        as_of_date,
        '{{ p }}' as profile,
        '{{ n }}' as measure,
        previous_date,
        {{ n }}__x0 as previous_raw_value,
        {{ n }}__x1 as raw_value,
        {{ n }}__s0 as previous_score,
        {{ n }}__s1 as score,
        {{ n }}__e00 as previous_effective_weight,
        {{ n }}__e11 as effective_weight,
        {{ n }}__value as value_change,
        {{ n }}__scale as scale_change,
        {{ n }}__configuration as configuration_change,
        {{ n }}__coverage as coverage_change
    from {{ p }}_told
    where {{ n }}__e00 > 0 or {{ n }}__e11 > 0
    {{- '\n    union all' if not (is_last and loop.last) }}
    {%- endfor %}
    {%- else %}

    select
        cast(null as date) as as_of_date,
        cast(null as varchar) as profile,
        cast(null as varchar) as measure,
        cast(null as date) as previous_date,
        cast(null as double) as previous_raw_value,
        cast(null as double) as raw_value,
        cast(null as double) as previous_score,
        cast(null as double) as score,
        cast(null as double) as previous_effective_weight,
        cast(null as double) as effective_weight,
        cast(null as double) as value_change,
        cast(null as double) as scale_change,
        cast(null as double) as configuration_change,
        cast(null as double) as coverage_change
    from months
    where months.first_month is null
    {%- endfor %}

)

select changes.*
from changes
