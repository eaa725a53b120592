{#- The scorecard engine (handbook C1), generated from the seeds `scorecard_nodes` and `indicators`.
    Wide: a column per measure, since the long form costs four times as much. -#}

{#-
    The measures of a profile as a list of rows: measure, dimension, indicator_id, weight (in the
    dimension), dimension_weight, scoring, is_lower_better, source_rows_column, is_available.
    Empty while dbt only parses.
-#}
{% macro profile_measures(profile) -%}
    {%- if not execute -%} {{ return([]) }} {%- endif -%}
    {%- set query -%}
        select
            measures.node_id as measure,
            dimensions.node_id as dimension,
            measures.indicator_id,
            cast(measures.weight as varchar) as weight,
            cast(dimensions.weight as varchar) as dimension_weight,
            measures.scoring,
            coalesce(indicators.direction = 'lower_is_better', false) as is_lower_better,
            indicators.source_rows_column,
            indicators.indicator_id is not null as is_available
        from {{ ref('scorecard_nodes') }} as measures
        inner join {{ ref('scorecard_nodes') }} as dimensions
            on
                measures.parent_id = dimensions.node_id
                and measures.profile = dimensions.profile
                and dimensions.parent_id is not null
        left join {{ ref('indicators') }} as indicators
            on
                measures.indicator_id = indicators.indicator_id
                and indicators.mart = 'customer_indicators'
        where measures.profile = '{{ profile }}' and measures.scoring is not null
        order by dimensions.node_id, measures.node_id
    {%- endset -%}
    {{ return(run_query(query).rows | list) }}
{%- endmacro %}

{#-
    A measure's score: piecewise linear and clamped, floor -> 0, target -> 75, stretch -> 100; for
    lower-is-better the three run downwards (handbook C0).
-#}
{% macro piecewise_score(value, floor, target, stretch, is_lower_better=false) -%}
    {%- set sign = '-' if is_lower_better else '' -%}
    {%- set x = sign ~ 'cast(' ~ value ~ ' as double)' -%}
    {%- set low = sign ~ 'cast(' ~ floor ~ ' as double)' -%}
    {%- set middle = sign ~ 'cast(' ~ target ~ ' as double)' -%}
    {%- set high = sign ~ 'cast(' ~ stretch ~ ' as double)' -%}
    case
        when {{ value }} is null or {{ target }} is null then null
        when {{ x }} <= {{ low }} then 0
        when {{ x }} >= {{ high }} then 100
        when {{ x }} < {{ middle }} then 75 * ({{ x }} - ({{ low }})) / ({{ middle }} - ({{ low }}))
        else 75 + 25 * ({{ x }} - ({{ middle }})) / ({{ high }} - ({{ middle }}))
    end
{%- endmacro %}

{#- Score of one measure of a profile by its scoring rule; expects columns as_of_date and tier. -#}
{% macro measure_score(measure) -%}
    {%- set value = measure['indicator_id'] -%}
    {%- set higher = not measure['is_lower_better'] -%}
    {%- if measure['scoring'] == 'piecewise' -%}
        {{ piecewise_score(
            'measured.' ~ value, 'targets.' ~ value ~ '__floor', 'targets.' ~ value ~ '__target',
            'targets.' ~ value ~ '__stretch', measure['is_lower_better']
        ) }}
    {%- elif measure['scoring'] == 'percentile_portfolio' -%}
        {{ percentile_score('measured.' ~ value, 'measured.as_of_date', higher) }}
    {%- elif measure['scoring'] == 'percentile_in_tier' -%}
        case
            when
                count(measured.{{ value }}) over (partition by measured.as_of_date, measured.tier)
                < {{ var('min_n') }}
                then {{ percentile_score('measured.' ~ value, 'measured.as_of_date', higher) }}
            else {{ percentile_score('measured.' ~ value, 'measured.as_of_date, measured.tier', higher) }}
        end
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "scorecard_nodes: measure '" ~ measure['measure'] ~ "' has scoring '" ~ measure['scoring']
            ~ "'; expected piecewise, percentile_portfolio or percentile_in_tier"
        ) }}
    {%- endif -%}
{%- endmacro %}

{#- Sum of weights of those measures of a dimension that are measured for the row. -#}
{% macro covered_weight(measures) -%}
    (
        {%- for measure in measures %}
        case when scored.{{ measure['measure'] }}__score is null then 0 else {{ measure['weight'] }} end
        {{- ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- Weighted sum of the scores of those measures of a dimension that are measured for the row. -#}
{% macro weighted_scores(measures) -%}
    (
        {%- for measure in measures %}
        {{ measure['weight'] }} * coalesce(scored.{{ measure['measure'] }}__score, 0)
        {{- ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#-
    The query of a profile's scores. Grain: one row per customer and month end with a complete
    12-month window. Columns: for each measure `<measure>__score`, `<measure>__weight` (effective:
    renormalised over what is measured; 0 where it is not); for each dimension `<dimension>__score`
    and `<dimension>__coverage`; `score`, `coverage`, `measure_count`.

    Roll-up: a dimension's score is the mean of its measured scores by weight; the root's that of the
    dimensions that have any, so that score = sum of effective weight x score over measures. Coverage
    is the share of weight that is measured, multiplied down the tree.
-#}
{% macro customer_scores(profile) -%}
{%- set measures = profile_measures(profile) | selectattr('is_available') | list -%}
{%- set dimensions = measures | map(attribute='dimension') | unique | list -%}
{%- if execute and not measures -%}
    {{ exceptions.raise_compiler_error("scorecard_nodes: profile '" ~ profile ~ "' has no measure") }}
{%- endif -%}
with run_months as (

    {{ run_months() }}

),

customers as (

    select
        ind_value.*,
        ind_retention.tenure_days,
        ind_retention.repeat_rate_12m,
        ind_retention.purchase_regularity_12m
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month
    inner join {{ ref('ind_retention') }} as ind_retention
        on
            ind_value.customer_id = ind_retention.customer_id
            and ind_value.as_of_date = ind_retention.as_of_date
    where ind_value.is_window_complete

),

-- Who has never bought is not measured, which is not zero.
measured as (

    select
        customers.customer_id,
        customers.as_of_date,
        customers.tier,
        customers.value_basis
        {%- for measure in measures %},
        case when customers.days_since_purchase is not null then customers.{{ measure['indicator_id'] }} end
            as {{ measure['indicator_id'] }}
        {%- endfor %}
    from customers

),

target_versions as (

    select
        months.as_of_date,
        targets.tier,
        targets.indicator_id,
        targets.floor_value,
        targets.target_value,
        targets.stretch_value,
        row_number() over (
            partition by months.as_of_date, targets.tier, targets.indicator_id
            order by targets.valid_from desc
        ) as newest_rank
    from {{ ref('int_months') }} as months
    inner join {{ ref('targets') }} as targets on months.as_of_date >= targets.valid_from

),

targets as (

    select
        target_versions.as_of_date,
        target_versions.tier
        {%- for measure in measures if measure['scoring'] == 'piecewise' %}
        {%- for edge in ['floor', 'target', 'stretch'] %},
        max(
            case
                when target_versions.indicator_id = '{{ measure['indicator_id'] }}'
                    then target_versions.{{ edge }}_value
            end
        ) as {{ measure['indicator_id'] }}__{{ edge }}
        {%- endfor %}
        {%- endfor %}
    from target_versions
    where target_versions.newest_rank = 1
    group by target_versions.as_of_date, target_versions.tier

),

scored as (

    select
        measured.*
        {%- for measure in measures %},
        cast({{ measure_score(measure) }} as double) as {{ measure['measure'] }}__score
        {%- endfor %}
    from measured
    left join targets
        on measured.as_of_date = targets.as_of_date and measured.tier = targets.tier

),

dimensions as (

    select
        scored.*
        {%- for dimension in dimensions %}
        {%- set own = measures | selectattr('dimension', 'equalto', dimension) | list %},
        {{ covered_weight(own) }} as {{ dimension }}__coverage,
        {{ ratio(weighted_scores(own), covered_weight(own)) }} as {{ dimension }}__full_score
        {%- endfor %}
    from scored

),

roots as (

    select
        dimensions.*,
        (
            {%- for dimension in dimensions %}
            {%- set own = measures | selectattr('dimension', 'equalto', dimension) | first %}
            case when dimensions.{{ dimension }}__coverage > 0 then {{ own['dimension_weight'] }} else 0 end
            {{- ' +' if not loop.last }}
            {%- endfor %}
        ) as dimension_weight_sum,
        (
            {%- for dimension in dimensions %}
            {%- set own = measures | selectattr('dimension', 'equalto', dimension) | first %}
            {{ own['dimension_weight'] }} * dimensions.{{ dimension }}__coverage
            {{- ' +' if not loop.last }}
            {%- endfor %}
        ) as coverage
    from dimensions

),

weighted as (

    select
        roots.*
        {%- for measure in measures %},
        case
            when roots.{{ measure['measure'] }}__score is null then cast(0 as double)
            else
                {{ ratio(measure['dimension_weight'], 'roots.dimension_weight_sum') }}
                * {{ ratio(measure['weight'], 'roots.' ~ measure['dimension'] ~ '__coverage') }}
        end as {{ measure['measure'] }}__weight
        {%- endfor %}
    from roots

)

select
    weighted.customer_id,
    weighted.as_of_date,
    '{{ profile }}' as profile,
    weighted.tier,
    weighted.value_basis,
    cast(weighted.coverage as double) as coverage,
    case
        when weighted.coverage >= {{ var('min_coverage') }} then (
            {%- for measure in measures %}
            weighted.{{ measure['measure'] }}__weight * coalesce(weighted.{{ measure['measure'] }}__score, 0)
            {{- ' +' if not loop.last }}
            {%- endfor %}
        )
    end as score,
    (
        {%- for measure in measures %}
        case when weighted.{{ measure['measure'] }}__score is null then 0 else 1 end
        {{- ' +' if not loop.last }}
        {%- endfor %}
    ) as measure_count
    {%- for dimension in dimensions %},
    cast(weighted.{{ dimension }}__coverage as double) as {{ dimension }}__coverage,
    case
        when weighted.{{ dimension }}__coverage >= {{ var('min_coverage') }}
            then weighted.{{ dimension }}__full_score
    end as {{ dimension }}__score
    {%- endfor %}
    {%- for measure in measures %},
    cast(weighted.{{ measure['indicator_id'] }} as double) as {{ measure['measure'] }}__raw,
    weighted.{{ measure['measure'] }}__score,
    weighted.{{ measure['measure'] }}__weight
    {%- endfor %}
from weighted
{%- endmacro %}
