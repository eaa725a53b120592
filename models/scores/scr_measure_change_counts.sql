{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('exceptions') }}
-- depends_on: {{ ref('indicators') }}
{#- Grain: one row per month end, indicator, way to score it, tier and change of its score in one
    month, to a tenth of a point: counts can be added over months, medians cannot. The two months of
    the wide table are joined once for all measures. -#}
{%- set columns = [] %}
{%- for indicator in scorecard_indicators() %}
{%- for scoring in indicator['scorings'].split(',') if scoring %}
{%- do columns.append((indicator['indicator_id'], scoring)) %}
{%- endfor %}
{%- endfor %}
with run_months as (

    {{ run_months() }}

),

moved as (

    select
        measures.as_of_date,
        {%- for indicator_id, scoring in columns %}
        {%- set column = indicator_id ~ '__' ~ scoring %}
        cast(round(measures.{{ column }} - earlier.{{ column }}, 1) as decimal(5, 1))
            as change_{{ loop.index }},
        {%- endfor %}
        measures.tier
    from {{ ref('scr_measures') }} as measures
    inner join run_months
        on
            measures.as_of_date >= run_months.first_month
            and measures.as_of_date <= run_months.last_month
    inner join {{ ref('scr_measures') }} as earlier
        on
            measures.customer_id = earlier.customer_id
            and {{ month_end_after('measures.as_of_date', -1) }} = earlier.as_of_date

)
{% for indicator_id, scoring in columns %}
select
    moved.as_of_date,
    '{{ indicator_id }}' as indicator_id,
    '{{ scoring }}' as scoring,
    moved.tier,
    moved.change_{{ loop.index }} as score_change,
    count(*) as customers
from moved
where moved.change_{{ loop.index }} is not null
group by moved.as_of_date, moved.tier, moved.change_{{ loop.index }}
{{ 'union all' if not loop.last }}
{%- else %}
select
    cast(null as date) as as_of_date,
    cast(null as varchar) as indicator_id,
    cast(null as varchar) as scoring,
    cast(null as varchar) as tier,
    cast(null as decimal(5, 1)) as score_change,
    cast(null as bigint) as customers
from moved
where moved.tier is null and moved.tier is not null
{%- endfor %}
