{#- Columns of recurring revenue kept and grown, as tier and portfolio marts publish them. -#}
{% macro revenue_retention_columns(rates, suffix='') -%}
    {{ rates }}.starter_count as revenue_retention_count,
    {%- for part in ['gross', 'net'] %}
    round({{ rates }}.{{ part }}_revenue_retention, 6) as {{ part }}_revenue_retention{{ suffix }},
    round({{ rates }}.{{ part }}_revenue_retention_low, 6)
        as {{ part }}_revenue_retention_low{{ suffix }},
    round({{ rates }}.{{ part }}_revenue_retention_high, 6)
        as {{ part }}_revenue_retention_high{{ suffix }},
    {%- endfor %}
    {{ rates }}.is_low_n as is_revenue_retention_low_n
{%- endmacro %}

{#- Columns of customers won back, as tier and portfolio marts publish them. -#}
{% macro winback_columns(rates) -%}
    {{ rates }}.lost_customer_count as winback_count,
    {{ rates }}.pending_customer_count as winback_pending_count,
    round({{ rates }}.winback_ratio, 6) as winback_ratio,
    round({{ rates }}.winback_low, 6) as winback_low,
    round({{ rates }}.winback_high, 6) as winback_high,
    {{ rates }}.is_low_n as is_winback_low_n
{%- endmacro %}
