{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('exceptions') }}
-- depends_on: {{ ref('indicators') }}
{#- Grain: one row per month end, tier and indicator that a profile uses: how many have it, how many
    reached the target (a piecewise score of 75), and how old it is. The wide table is read once and
    gives one row per month and tier, which is then laid down in rows. -#}
{%- set measures = [] %}
{%- for indicator in scorecard_indicators() if indicator['scorings'] | replace(',', '') %}
{%- do measures.append(indicator) %}
{%- endfor %}
with run_months as (

    {{ run_months() }}

),

counted as (

    select
        measures.as_of_date,
        measures.tier,
        {%- for measure in measures %}
        {%- set id = measure['indicator_id'] %}
        count(measures.{{ id }}__raw) as peers_{{ loop.index }},
        {%- if 'piecewise' in measure['scorings'].split(',') %}
        sum(case when measures.{{ id }}__piecewise >= 75 then 1 else 0 end)
            as reached_{{ loop.index }},
        {%- endif %}
        {%- if measure['is_carried'] %}
        sum(case when measures.{{ id }}__raw is not null then measures.{{ id }}__age_days end)
            as age_{{ loop.index }},
        {%- endif %}
        {%- endfor %}
        count(*) as customers
    from {{ ref('scr_measures') }} as measures
    inner join run_months
        on
            measures.as_of_date >= run_months.first_month
            and measures.as_of_date <= run_months.last_month
    group by measures.as_of_date, measures.tier

)
{% for measure in measures %}
select
    counted.as_of_date,
    counted.tier,
    '{{ measure['indicator_id'] }}' as indicator_id,
    cast(counted.customers as integer) as customers,
    cast(counted.peers_{{ loop.index }} as integer) as peers,
    {% if 'piecewise' in measure['scorings'].split(',') -%}
    cast(counted.reached_{{ loop.index }} as integer) as reached,
    {%- else -%}
    cast(null as integer) as reached,
    {%- endif %}
    {% if measure['is_carried'] -%}
    cast(counted.age_{{ loop.index }} as bigint) as age_days_sum
    {%- else -%}
    cast(null as bigint) as age_days_sum
    {%- endif %}
from counted
{{ 'union all' if not loop.last }}
{%- else %}
select
    cast(null as date) as as_of_date,
    cast(null as varchar) as tier,
    cast(null as varchar) as indicator_id,
    cast(null as integer) as customers,
    cast(null as integer) as peers,
    cast(null as integer) as reached,
    cast(null as bigint) as age_days_sum
from counted
where counted.customers < 0
{%- endfor %}
