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

{#- Columns of revenue per user and of margin, as tier and portfolio marts publish them. -#}
{% macro arpu_columns(groups) -%}
    cast({{ groups }}.arpu_12m as decimal(18, 2)) as arpu_12m,
    round({{ groups }}.mean_subscriber_count_12m, 6) as mean_subscriber_count_12m,
    cast({{ groups }}.gross_margin_12m as decimal(18, 2)) as gross_margin_12m,
    round({{ groups }}.gross_margin_ratio_12m, 6) as gross_margin_ratio_12m,
    {{ groups }}.margin_customer_count
{%- endmacro %}
