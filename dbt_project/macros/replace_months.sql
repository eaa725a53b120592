{#-
    Incremental strategy: delete the run's months, insert what the query yields for them, so that a
    month that now yields no rows leaves none behind. One transaction, no unique key: a list of keys
    is quadratic in DuckDB, and dbt-spark has no delete+insert.

    Config: `meta.month_column` (default `as_of_date`) names the month end of a row;
    `meta.months_back` (default 0) widens the range backwards, for rows that look ahead (labels).
-#}
{% macro get_incremental_replace_months_sql(arg_dict) %}
    {%- set month_column = config.get('meta', {}).get('month_column', 'as_of_date') -%}
    {%- set months_back = config.get('meta', {}).get('months_back', 0) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where
        {{ month_column }} >= (
            select {{ month_end_after('run_window.first_month', -months_back) }}
            from {{ ref('stg_control__run_window') }} as run_window
        )
        and {{ month_column }} <= (
            select run_window.last_month from {{ ref('stg_control__run_window') }} as run_window
        );

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}

{#-
    The months to build, one row: `first_month`, `last_month` (month ends), `history_start`,
    `known_load_id`. A model that is built whole starts at the history's start whatever the run asks.
-#}
{% macro run_months(months_back=0) -%}
    select
        {% if is_incremental() -%}
            {{ month_end_after('run_window.first_month', -months_back) }} as first_month,
        {% else -%}
            run_window.history_start as first_month,
        {% endif -%}
        run_window.last_month,
        run_window.history_start,
        run_window.known_load_id
    from {{ ref('stg_control__run_window') }} as run_window
{%- endmacro %}
