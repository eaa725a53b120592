{#- Whether a date or timestamp lies in the run's months. Expects the CTE `run_months`. The bounds
    stand alone on their side, so that an engine can skip what lies outside. -#}
{% macro in_run_months(value) -%}
    (
        {{ value }} >= {{ dbt.date_trunc('month', 'run_months.first_month') }}
        and {{ value }} < {{ dbt.dateadd('day', 1, 'run_months.last_month') }}
    )
{%- endmacro %}

{#- A count: null where its fact was not measured, and 0 where it was and nothing happened. -#}
{% macro measured_count(is_measured, value) -%}
    case when {{ is_measured }} then cast(coalesce({{ value }}, 0) as integer) end
{%- endmacro %}

{#- The number of different days among dates of one month. One pass and eight bytes a group where
    the engine has bits to count: a distinct count keeps every day of every customer. -#}
{% macro days_of_month_count(value) -%}
    {{ return(adapter.dispatch('days_of_month_count', 'scorecard')(value)) }}
{%- endmacro %}

{% macro default__days_of_month_count(value) -%}
    count(distinct {{ value }})
{%- endmacro %}

{% macro duckdb__days_of_month_count(value) -%}
    bit_count(bit_or(cast(1 as bigint) << cast(extract(day from {{ value }}) as integer)))
{%- endmacro %}
