{#-
    The columns of an indicator model that the catalogue publishes in `customer_indicators`, as a
    list of expressions. Money is published with two decimals, other doubles with six. A column that
    the built model has not is refused with the remedy.
-#}
{% macro published_indicators(model) -%}
    {%- if not execute -%} {{ return([]) }} {%- endif -%}
    {%- set query -%}
        select
            indicators.indicator_id,
            indicators.unit
        from {{ ref('indicators') }} as indicators
        where indicators.mart = 'customer_indicators' and indicators.model = '{{ model }}'
        order by indicators.indicator_id
    {%- endset -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_columns_in_relation(ref(model)) -%}
        {%- do types.update({column.name: column.data_type | lower}) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for row in run_query(query).rows -%}
        {#- No types: nothing is built yet (compile, lint). -#}
        {%- if types and row['indicator_id'] not in types -%}
            {{ exceptions.raise_compiler_error(
                'dbt_project/seeds/indicators.csv: ' ~ row['indicator_id'] ~ ' is no column of '
                ~ model ~ ' as it was built. Add the column to the SQL of ' ~ model
                ~ ', or mend the seed; then `dbt run --full-refresh -s ' ~ model ~ '`. Where other '
                ~ 'code built the warehouse, `scorecard run` brings all of it up to date.'
            ) }}
        {%- endif -%}
        {%- set value = model ~ '.' ~ row['indicator_id'] -%}
        {%- if types.get(row['indicator_id']) != 'double' -%}
            {%- do columns.append(value) -%}
        {%- elif row['unit'] == var('reporting_currency') -%}
            {%- do columns.append('cast(' ~ value ~ ' as decimal(18, 2)) as ' ~ row['indicator_id']) -%}
        {%- else -%}
            {%- do columns.append('round(' ~ value ~ ', 6) as ' ~ row['indicator_id']) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- The indicators that the catalogue publishes in `customer_indicators`, as rows: what says that one
    was measured, and what it rests on. -#}
{% macro published_catalogue() -%}
    {%- if not execute -%} {{ return([]) }} {%- endif -%}
    {%- set query -%}
        select
            indicators.indicator_id,
            indicators.presence_column,
            indicators.source_rows_column
        from {{ ref('indicators') }} as indicators
        where indicators.mart = 'customer_indicators'
        order by indicators.indicator_id
    {%- endset -%}
    {{ return(run_query(query).rows) }}
{%- endmacro %}
