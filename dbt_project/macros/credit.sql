{#- Points of a credit rating from the logarithm of the odds of good to bad: `pdo` points double the
    odds, and `base_points` stand for `base_odds` to one (handbook C13). -#}
{% macro credit_points(log_odds) -%}
    (
        {{ credit_offset() }}
        + {{ credit_factor() }} * ({{ log_odds }})
    )
{%- endmacro %}

{#- Points of an odds ratio of e. -#}
{% macro credit_factor() -%}
    ({{ var('credit_scale').points_to_double_the_odds }} / ln(2.0))
{%- endmacro %}

{#- Points of even odds. -#}
{% macro credit_offset() -%}
    (
        {{ var('credit_scale').base_points }}
        - {{ credit_factor() }} * ln({{ var('credit_scale').base_odds }}.0)
    )
{%- endmacro %}

{#- Whether a rule of the seed `credit_rules` speaks of a value: it lies in the rule's span. A rule
    without a beginning speaks of customers without a value where `is_measured` says that there could
    have been one; without that condition there is no such rule. -#}
{% macro credit_rule_holds(value, rules, is_measured=none) -%}
    (
        (
            {{ value }} >= {{ rules }}.from_value
            and ({{ rules }}.to_value is null or {{ value }} < {{ rules }}.to_value)
        )
        {%- if is_measured %}
        or ({{ value }} is null and {{ rules }}.from_value is null and {{ is_measured }})
        {%- endif %}
    )
{%- endmacro %}
