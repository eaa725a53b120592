{#- The class of an answer to "would you recommend us?" on 0 to 10 (handbook C14). -#}
{% macro nps_class(answer) -%}
    case
        when {{ answer }} >= 9 then 'promoter'
        when {{ answer }} >= 7 then 'passive'
        when {{ answer }} >= 0 then 'detractor'
    end
{%- endmacro %}

{#- Whether a question has the scale that a measure is defined on: 0 to 10 for NPS, five points for
    CSAT, seven points of agreement for CES 2.0. The old effort scale runs the other way and is a
    measure of its own. A share of wallet is in per cent. Expects columns measure, scale_min, scale_max, is_higher_better. -#}
{% macro has_standard_scale(answers) -%}
    (
        (
            {{ answers }}.measure = 'nps' and {{ answers }}.scale_min = 0
            and {{ answers }}.scale_max = 10 and {{ answers }}.is_higher_better
        )
        or (
            {{ answers }}.measure = 'csat' and {{ answers }}.scale_max - {{ answers }}.scale_min = 4
        )
        or (
            {{ answers }}.measure = 'ces' and {{ answers }}.scale_min = 1
            and {{ answers }}.scale_max = 7 and {{ answers }}.is_higher_better
        )
        or {{ answers }}.measure = 'fcr'
        or (
            {{ answers }}.measure = 'share_of_wallet' and {{ answers }}.scale_min = 0
            and {{ answers }}.scale_max = 100 and {{ answers }}.is_higher_better
        )
    )
{%- endmacro %}

{#- Net promoter score, -100 to 100, of sums of weights per class. -#}
{% macro nps(promoters, detractors, total) -%}
    100 * {{ ratio(promoters ~ ' - ' ~ detractors, total) }}
{%- endmacro %}

{#- Its standard error: 100 * sqrt((p + q - (p - q)^2) / n), n the effective number of answers. -#}
{% macro nps_standard_error(promoters, detractors, total, answers) -%}
    100 * sqrt(
        (
            {{ ratio(promoters ~ ' + ' ~ detractors, total) }}
            - {{ ratio(promoters ~ ' - ' ~ detractors, total) }}
            * {{ ratio(promoters ~ ' - ' ~ detractors, total) }}
        ) / nullif(cast({{ answers }} as double), 0)
    )
{%- endmacro %}
