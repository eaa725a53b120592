{#- Small numbers: estimates that are drawn to what is usual, with the interval of the posterior. -#}

{#- A rate drawn to `usual` with `weight` cases: (successes + weight * usual) / (trials + weight);
    null where nothing was counted (handbook C0). -#}
{% macro shrunk_rate(successes, trials, usual, weight) -%}
    case
        when {{ trials }} > 0
            then {{ ratio(
                'cast(' ~ successes ~ ' as double) + ' ~ weight ~ ' * ' ~ usual,
                trials ~ ' + ' ~ weight
            ) }}
    end
{%- endmacro %}

{#- A bound of the 95 % interval of a drawn rate: that of the Beta posterior with the `weight`
    pseudo-cases among its evidence. The logit of a Beta(a + 1/2, b + 1/2) has a mean near ln(a / b), a
    variance near 1/a + 1/b and a third cumulant near 1/b^2 - 1/a^2; with these in a Cornish-Fisher
    expansion the bound is within 0.003 of the exact one where at least three pseudo-cases are of
    each kind. With less than one case of a kind the interval begins at the end of the scale and
    goes as far as that of one case, which is wider. Null where nothing was counted. -#}
{% macro shrunk_rate_bound(successes, trials, usual, weight, sign) -%}
    {%- set a -%}
        (cast({{ successes }} as double) + {{ weight }} * {{ usual }} - 0.5)
    {%- endset -%}
    {%- set b -%}
        (cast({{ trials }} as double) - {{ successes }} + {{ weight }} * (1 - {{ usual }}) - 0.5)
    {%- endset -%}
    case
        when {{ trials }} > 0 and {{ a }} <= 0.5
            then {{ '0.0' if sign == '-' else '1 - power(0.025, 1 / (' ~ b ~ ' + 0.5))' }}
        when {{ trials }} > 0 and {{ b }} <= 0.5
            then {{ 'power(0.025, 1 / (' ~ a ~ ' + 0.5))' if sign == '-' else '1.0' }}
        when {{ trials }} > 0
            then 1 / (
                1 + exp(
                    -(
                        ln({{ a }} / {{ b }})
                        {{ sign }} {{ normal_95() }} * sqrt(1 / {{ a }} + 1 / {{ b }})
                        + ({{ normal_95() }} * {{ normal_95() }} - 1) / 6
                        * (1 / ({{ b }} * {{ b }}) - 1 / ({{ a }} * {{ a }}))
                        / (1 / {{ a }} + 1 / {{ b }})
                    )
                )
            )
    end
{%- endmacro %}

{#- A mean drawn to `usual` with `weight` cases; null where nothing was counted. -#}
{% macro shrunk_mean(total, number, usual, weight) -%}
    case
        when {{ number }} > 0
            then {{ ratio(
                'cast(' ~ total ~ ' as double) + ' ~ weight ~ ' * ' ~ usual,
                number ~ ' + ' ~ weight
            ) }}
    end
{%- endmacro %}

{#- A bound of its 95 % interval: normal, with the spread of all cases and the pseudo-cases among
    the evidence. -#}
{% macro shrunk_mean_bound(total, number, usual, weight, spread, sign) -%}
    ({{ shrunk_mean(total, number, usual, weight) }}
    {{ sign }} {{ normal_95() }} * {{ spread }} / sqrt({{ number }} + {{ weight }}))
{%- endmacro %}

{#- Where an interval stands to what is usual: above or below only if it lies wholly on that side,
    for two whose intervals overlap must not be ranked. -#}
{% macro standing(low, high, usual, higher_is_better=true) -%}
    case
        when {{ low }} is null or {{ usual }} is null then null
        when {{ low }} > {{ usual }} then '{{ 'better' if higher_is_better else 'worse' }}'
        when {{ high }} < {{ usual }} then '{{ 'worse' if higher_is_better else 'better' }}'
        else 'not separated'
    end
{%- endmacro %}
