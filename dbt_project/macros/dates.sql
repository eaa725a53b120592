{#- Last day of the month of a date or timestamp. -#}
{% macro month_end(value) -%}
    cast({{ dbt.last_day(value, 'month') }} as date)
{%- endmacro %}

{#- The month end `months` months after (or, negative, before) a month end. -#}
{% macro month_end_after(value, months) -%}
    {{ month_end(dbt.dateadd('month', months, value)) }}
{%- endmacro %}

{#- Whole days from one date to another. -#}
{% macro days_between(first_date, second_date) -%}
    cast({{ dbt.datediff(first_date, second_date, 'day') }} as integer)
{%- endmacro %}

{#- Whole months from one month end to another. -#}
{% macro months_between(first_month, second_month) -%}
    cast({{ dbt.datediff(first_month, second_month, 'month') }} as integer)
{%- endmacro %}
