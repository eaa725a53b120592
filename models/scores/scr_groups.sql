{#- Grain: one row per value tier and group that it is counted in: itself, and all. -#}
{%- for tier in ['A', 'B', 'C', 'D'] %}
select
    '{{ tier }}' as customer_tier,
    '{{ tier }}' as tier
union all
select
    '{{ tier }}' as customer_tier,
    'all' as tier
{{- '\nunion all' if not loop.last }}
{%- endfor %}
