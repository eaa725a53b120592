{#- Potential value: what the customer does not use yet (handbook C10). -#}

{#- The category that stands for at least one new category; no category of billing is called so. -#}
{% macro any_category() -%}
(any)
{%- endmacro %}

{#- A rate or mean drawn to `usual` with `weight` cases. Unlike `shrunk_rate` it is `usual` where
    nothing was counted: a cell of a hierarchy without a case has what stands above it. -#}
{% macro drawn(total, number, usual, weight) -%}
    ((cast({{ total }} as double) + {{ weight }} * {{ usual }}) / ({{ number }} + {{ weight }}))
{%- endmacro %}

{#- Whether a category is worth being told to a sales person: it is one, somebody took it up at a
    gain, and the chance is not too small to be called one. -#}
{% macro is_offer(offers) -%}
    ({{ offers }}.product_category <> '{{ any_category() }}'
    and {{ offers }}.expected_value > 0
    and {{ offers }}.probability >= {{ var('potential_probability_min') }})
{%- endmacro %}
