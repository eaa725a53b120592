{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('exceptions') }}
-- depends_on: {{ ref('indicators') }}
{#- Grain: one row per month end, indicator and way to score it. The wide table is read once and
    gives one row per month, which is then laid down in rows. -#}
{%- set columns = [] %}
{%- for indicator in scorecard_indicators() %}
{%- for scoring in indicator['scorings'].split(',') if scoring %}
{%- do columns.append((indicator['indicator_id'], scoring)) %}
{%- endfor %}
{%- endfor %}
with run_months as (

    {{ run_months() }}

),

counted as (

    select
        measures.as_of_date,
        {%- for indicator_id, scoring in columns %}
        count(measures.{{ indicator_id }}__{{ scoring }}) as measured_{{ loop.index }},
        {%- endfor %}
        count(*) as customers
    from {{ ref('scr_measures') }} as measures
    inner join run_months
        on
            measures.as_of_date >= run_months.first_month
            and measures.as_of_date <= run_months.last_month
    group by measures.as_of_date

)
{% for indicator_id, scoring in columns %}
select
    counted.as_of_date,
    '{{ indicator_id }}' as indicator_id,
    '{{ scoring }}' as scoring,
    counted.customers,
    counted.measured_{{ loop.index }} as measured_customers
from counted
{{ 'union all' if not loop.last }}
{%- else %}
select
    cast(null as date) as as_of_date,
    cast(null as varchar) as indicator_id,
    cast(null as varchar) as scoring,
    cast(null as bigint) as customers,
    cast(null as bigint) as measured_customers
from counted
where counted.customers < 0
{%- endfor %}
