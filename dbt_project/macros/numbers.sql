{#-
    A quotient as double: null where the denominator is 0 or null. Engines divide decimals with
    different scales; a quotient of two doubles is the same everywhere.
-#}
{% macro ratio(numerator, denominator) -%}
    (cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0))
{%- endmacro %}

{#-
    The mean of a column as double. Summed as decimal: sums of doubles differ from run to run when
    two threads add them in another order.
-#}
{% macro mean(value, scale=6) -%}
    {{ ratio('sum(cast(' ~ value ~ ' as decimal(28, ' ~ scale ~ ')))', 'count(' ~ value ~ ')') }}
{%- endmacro %}

{#- A double as it is published: six decimals, and no zero with a minus. -#}
{% macro six_decimals(value) -%}
    round({{ value }}, 6) + cast(0 as double)
{%- endmacro %}

{#- Clamp a number between two others; null stays null. -#}
{% macro clamp(value, low, high) -%}
    case
        when {{ value }} is null then null
        when {{ value }} < {{ low }} then {{ low }}
        when {{ value }} > {{ high }} then {{ high }}
        else {{ value }}
    end
{%- endmacro %}

{#- Lower bound of the Wilson 95 % interval of successes / trials (handbook C0). -#}
{% macro wilson_low(successes, trials) -%}
    case when {{ successes }} = 0 then 0 else {{ wilson_bound(successes, trials, '-') }} end
{%- endmacro %}

{#- Upper bound of the Wilson 95 % interval of successes / trials (handbook C0). -#}
{% macro wilson_high(successes, trials) -%}
    case
        when {{ successes }} = {{ trials }} then 1 else {{ wilson_bound(successes, trials, '+') }}
    end
{%- endmacro %}

{% macro wilson_bound(successes, trials, sign) -%}
    {%- set p = ratio(successes, trials) -%}
    {%- set n = 'cast(' ~ trials ~ ' as double)' -%}
    (
        ({{ p }} + 3.841458820694124 / (2 * {{ n }}) {{ sign }} {{ normal_95() }} * sqrt(
            ({{ p }} * (1 - {{ p }}) + 3.841458820694124 / (4 * {{ n }})) / {{ n }}
        )) / (1 + 3.841458820694124 / {{ n }})
    )
{%- endmacro %}

{#- A share of cases as the columns that a mart publishes: the share, its Wilson 95 % interval, and
    whether it rests on so few cases that it must not be ranked. -#}
{% macro rate_columns(name, successes, trials) -%}
    {{ ratio(successes, trials) }} as {{ name }}_ratio,
    case when {{ trials }} > 0 then {{ wilson_low(successes, trials) }} end as {{ name }}_low,
    case when {{ trials }} > 0 then {{ wilson_high(successes, trials) }} end as {{ name }}_high,
    coalesce({{ trials }}, 0) < {{ var('min_n') }} as is_{{ name }}_low_n
{%- endmacro %}

{#- Two-sided 95 % point of the normal distribution. -#}
{% macro normal_95() -%}
    1.959963984540054
{%- endmacro %}

{#- Bounds of the interval of a difference of two independent figures, first less second, from the
    bounds of each. With Wilson bounds of two shares it is Newcombe's interval (1998, method 10). -#}
{% macro difference_low(first, first_low, second, second_high) -%}
    (
        {{ first }} - {{ second }}
        - sqrt(power({{ first }} - {{ first_low }}, 2) + power({{ second_high }} - {{ second }}, 2))
    )
{%- endmacro %}

{% macro difference_high(first, first_high, second, second_low) -%}
    (
        {{ first }} - {{ second }}
        + sqrt(power({{ first_high }} - {{ first }}, 2) + power({{ second }} - {{ second_low }}, 2))
    )
{%- endmacro %}
