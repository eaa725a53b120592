-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('indicators') }}
-- depends_on: {{ ref('stg_control__run_window') }}
-- depends_on: {{ ref('scr_weights') }}
-- depends_on: {{ ref('scr_profile_months') }}
-- depends_on: {{ ref('scr_targets') }}
-- depends_on: {{ ref('scr_measures') }}
{#- Grain: one row per customer, month end, profile and measure with a weight at one of the dates,
    and one for what an exception and an override did, where they did anything. -#}
{%- set trees = scorecard_trees(with_changes=true) %}
with months as (

    {{ explained_months() }}

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
{%- for leaf in tree['measures'] %}
{%- set n = leaf['node_id'] %}
{{ p }}_{{ n }} as (

    select
        customer_id,
        as_of_date,
        '{{ p }}' as profile,
        '{{ n }}' as cause,
        'measure' as cause_kind,
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
        {{ n }}__coverage as coverage_change,
        cast(null as double) as exception_change,
        cast(null as double) as override_change
    from {{ p }}_told
    where {{ n }}__e00 > 0 or {{ n }}__e11 > 0

),
{%- endfor %}
{% endfor %}

afterwards as (

    select
        customer_scorecard.customer_id,
        customer_scorecard.as_of_date,
        customer_scorecard.profile,
        customer_scorecard.previous_date,
        customer_scorecard.exception_change,
        customer_scorecard.override_change
    from {{ ref('customer_scorecard') }} as customer_scorecard
    inner join months
        on
            customer_scorecard.as_of_date >= months.first_month
            and customer_scorecard.as_of_date <= months.last_month
    where customer_scorecard.exception_change <> 0 or customer_scorecard.override_change <> 0

),

causes as (
    {%- for tree in trees %}
    {%- for leaf in tree['measures'] %}

    select * from {{ tree['profile'] }}_{{ leaf['node_id'] }}
    union all
    {%- endfor %}
    {%- endfor %}
    {%- for cause in ['exception', 'override'] %}

    select
        afterwards.customer_id,
        afterwards.as_of_date,
        afterwards.profile,
        '{{ cause }}' as cause,
        '{{ cause }}' as cause_kind,
        afterwards.previous_date,
        cast(null as double) as previous_raw_value,
        cast(null as double) as raw_value,
        cast(null as double) as previous_score,
        cast(null as double) as score,
        cast(null as double) as previous_effective_weight,
        cast(null as double) as effective_weight,
        cast(null as double) as value_change,
        cast(null as double) as scale_change,
        cast(null as double) as configuration_change,
        cast(null as double) as coverage_change,
        {{ 'afterwards.exception_change' if cause == 'exception' else 'cast(null as double)' }}
            as exception_change,
        {{ 'afterwards.override_change' if cause == 'override' else 'cast(null as double)' }}
            as override_change
    from afterwards
    where afterwards.{{ cause }}_change <> 0
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

)

select
    causes.customer_id,
    causes.as_of_date,
    causes.profile,
    causes.cause,
    causes.cause_kind,
    causes.previous_date,
    round(causes.previous_raw_value, 6) as previous_raw_value,
    round(causes.raw_value, 6) as raw_value,
    round(causes.previous_score, 6) as previous_score,
    round(causes.score, 6) as score,
    round(causes.previous_effective_weight, 6) as previous_effective_weight,
    round(causes.effective_weight, 6) as effective_weight,
    {{ six_decimals('causes.value_change') }} as value_change,
    {{ six_decimals('causes.scale_change') }} as scale_change,
    {{ six_decimals('causes.configuration_change') }} as configuration_change,
    {{ six_decimals('causes.coverage_change') }} as coverage_change,
    {{ six_decimals('causes.exception_change') }} as exception_change,
    {{ six_decimals('causes.override_change') }} as override_change,
    {{ six_decimals(
        'coalesce(causes.value_change, 0)
        + coalesce(causes.scale_change, 0)
        + coalesce(causes.configuration_change, 0)
        + coalesce(causes.coverage_change, 0)
        + coalesce(causes.exception_change, 0)
        + coalesce(causes.override_change, 0)'
    ) }} as total_change
from causes
