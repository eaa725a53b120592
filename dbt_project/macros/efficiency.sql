{#-
    How far a target is attained, 0 to 100: 75 at the target (handbook C0, C6). Lower is better:
    target / actual, and an actual of 0 is 100. Higher is better: actual / target. Null where one of
    them is.
-#}
{% macro attainment_score(actual, target, lower_is_better) -%}
    {%- set share = ratio(target, actual) if lower_is_better else ratio(actual, target) -%}
    {%- set clamped = clamp('75 * ' ~ share, 'cast(0 as double)', 'cast(100 as double)') -%}
    {%- if lower_is_better -%}
    case
        when {{ actual }} = 0 and {{ target }} is not null then cast(100 as double)
        else {{ clamped }}
    end
    {%- else -%}
    {{ clamped }}
    {%- endif -%}
{%- endmacro %}
