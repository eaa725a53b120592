-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('indicators') }}
-- depends_on: {{ ref('scr_weights') }}
-- depends_on: {{ ref('scr_profile_months') }}
-- depends_on: {{ ref('scr_measures') }}
-- depends_on: {{ ref('customer_indicators') }}
-- depends_on: {{ ref('predictions') }}
-- depends_on: {{ ref('upsell_predictions') }}
-- depends_on: {{ ref('customer_value') }}
{#- Grain: one row per customer, month end, profile and measure in force that any mart holds. -#}
{%- set trees, indicators = scorecard_trees(), scorecard_indicators() %}
{%- set carried = indicators | selectattr('is_carried') | map(attribute='indicator_id') | list %}
{%- set dead_band -%}
greatest(
        coalesce(weights.dead_band_points, applied.dead_band_points),
        applied.dead_band_sigmas * coalesce(dead_bands.usual_change, 0)
    )
{%- endset %}
with months as (

    {{ explained_months() }}

),
{% for tree in trees %}
{%- set p = tree['profile'] %}
{%- set marts = tree['measures'] | selectattr('source_rows_column')
    | map(attribute='mart') | unique | list %}
{%- set lags = [] %}
{%- for leaf in tree['measures'] %}
{%- do lags.append(leaf['own_trend_months'] or tree['trend_months']) %}
{%- endfor %}
{%- set lags = lags | unique | sort %}
{{ scored_now(tree) }}
{{ p }}_facts as (

    select
        weighted.*,
        case when {{ is_enough(node_coverage(tree['root'], '11')) }} then 1 end as is_scored
        {%- for leaf in tree['measures'] %},
        {%- set rows = leaf['mart'] ~ '.' ~ leaf['source_rows_column']
            if leaf['source_rows_column'] else 'null' %}
        cast({{ rows }} as integer) as {{ leaf['node_id'] }}__rows
        {%- if leaf['indicator_id'] in carried %},
        measures.{{ leaf['indicator_id'] }}__age_days as {{ leaf['node_id'] }}__age
        {%- endif %},
        {%- set before = 'earlier_' ~ (leaf['own_trend_months'] or tree['trend_months']) %}
        {{ before }}.{{ leaf['indicator_id'] }}__{{ leaf['scoring'] }}
            as {{ leaf['node_id'] }}__before
        {%- endfor %}
    from {{ p }}_weighted as weighted
    inner join {{ ref('scr_measures') }} as measures
        on
            weighted.customer_id = measures.customer_id
            and weighted.as_of_date = measures.as_of_date
    {%- for months_back in lags %}
    left join {{ ref('scr_measures') }} as earlier_{{ months_back }}
        on
            weighted.customer_id = earlier_{{ months_back }}.customer_id
            and {{ month_end_after('weighted.as_of_date', -months_back) }}
            = earlier_{{ months_back }}.as_of_date
    {%- endfor %}
    {%- for mart in marts %}
    left join {{ ref(mart) }} as {{ mart }}
        on
            weighted.customer_id = {{ mart }}.customer_id
            and weighted.as_of_date = {{ mart }}.as_of_date
    {%- endfor %}

),
{%- for leaf in tree['measures'] %}
{%- set n = leaf['node_id'] %}
{{ p }}_{{ n }} as (

    select
        customer_id,
        as_of_date,
        tier,
        '{{ p }}' as profile,
        '{{ n }}' as measure,
        {{ n }}__x1 as raw_value,
        {{ n }}__s1 as score,
        {{ n }}__before as previous_score,
        {{ n }}__m1 as evidence,
        case when is_scored = 1 then {{ n }}__e11 end as effective_weight,
        case when is_scored = 1 then {{ n }}__e11 * coalesce({{ n }}__s1, 0) end as contribution,
        {{ n }}__rows as source_row_count,
        {{ n ~ '__age' if leaf['indicator_id'] in carried else 'cast(null as integer)' }}
            as age_days
    from {{ p }}_facts

),
{%- endfor %}
{% endfor %}

measures as (
    {%- for tree in trees %}
    {%- set is_last = loop.last %}
    {%- for leaf in tree['measures'] %}

    select * from {{ tree['profile'] }}_{{ leaf['node_id'] }}
    {{- '\n    union all' if not (is_last and loop.last) }}
    {%- endfor %}
    {%- else %}

    select 1 as customer_id
    {%- endfor %}

)

select
    measures.customer_id,
    measures.as_of_date,
    measures.profile,
    weights.parent_id as dimension,
    measures.measure,
    weights.indicator_id,
    weights.scoring,
    weights.label,
    weights.label_zh,
    round(measures.raw_value, 6) as raw_value,
    case when weights.scoring = 'piecewise' then round(targets.floor_value, 6) end as floor_value,
    case when weights.scoring = 'piecewise' then round(targets.target_value, 6) end
        as target_value,
    case when weights.scoring = 'piecewise' then round(targets.stretch_value, 6) end
        as stretch_value,
    round(measures.score, 6) as score,
    round(measures.previous_score, 6) as previous_score,
    {{ six_decimals('measures.score - measures.previous_score') }} as score_change,
    round({{ dead_band }}, 6) as dead_band,
    {{ trend_of('measures.score', 'measures.previous_score', dead_band) }} as trend,
    round(weights.global_weight, 6) as weight,
    round(measures.evidence, 6) as evidence,
    round(measures.effective_weight, 6) as effective_weight,
    round(measures.contribution, 6) as contribution,
    measures.age_days,
    weights.is_lever,
    case
        when weights.is_lever and measures.score < 75
            then round(measures.effective_weight * (75 - measures.score), 6)
    end as lever_gain,
    measures.source_row_count
from measures
inner join {{ ref('scr_weights') }} as weights
    on
        measures.profile = weights.profile
        and measures.as_of_date = weights.as_of_date
        and measures.measure = weights.node_id
inner join {{ ref('scr_profile_months') }} as applied
    on measures.profile = applied.profile and measures.as_of_date = applied.as_of_date
left join {{ ref('scr_targets') }} as targets
    on
        measures.as_of_date = targets.as_of_date
        and measures.tier = targets.tier
        and weights.indicator_id = targets.indicator_id
left join {{ ref('scr_measure_dead_bands') }} as dead_bands
    on
        measures.as_of_date = dead_bands.as_of_date
        and measures.tier = dead_bands.tier
        and weights.indicator_id = dead_bands.indicator_id
        and weights.scoring = dead_bands.scoring
