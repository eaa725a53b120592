{#-
    A number made of several columns of a relation: rows that are equal in these columns share it.
    Others may, too, rarely, so it only chooses which rows to compare. Grouping by one number takes a
    tenth of the memory that grouping by eight columns takes.
-#}
{% macro columns_number(relation, columns) -%}
    {{ return(adapter.dispatch('columns_number')(relation, columns)) }}
{%- endmacro %}

{% macro default__columns_number(relation, columns) -%}
    xxhash64({% for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro duckdb__columns_number(relation, columns) -%}
    hash({% for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
