{#-
    Money in the reporting currency (handbook C0): decimal throughout, converted once with the rate
    of the document's day and rounded half away from zero to four decimals. Null where the amount
    or, for a foreign currency, the rate is not known: what has no rate has no amount.

    (19 digits, not 18: two decimals of 18 are multiplied in 18, which a million overflows.)

    Expects the rate from `int_exchange_rate_days`, joined by currency and day; the reporting
    currency itself needs none.
-#}
{% macro in_reporting_currency(amount, currency, rate) -%}
    case
        when {{ currency }} = {{ reporting_currency() }} then cast({{ amount }} as decimal(18, 4))
        when {{ currency }} is not null
            then cast(
                round(cast({{ amount }} as decimal(19, 4)) * cast({{ rate }} as decimal(18, 8)), 4)
                as decimal(18, 4)
            )
    end
{%- endmacro %}

{#- The code of the reporting currency as a literal. -#}
{% macro reporting_currency() -%}
    '{{ var('reporting_currency') | upper }}'
{%- endmacro %}

{#-
    Whether a span of days [from, to) with a null `to` for *still open* holds at the end of a day.
    Comparisons alone, no `or`: with one in its condition an outer join compares row by row.
-#}
{% macro holds_on(day, valid_from, valid_to) -%}
    ({{ valid_from }} <= {{ day }}
        and {{ day }} < coalesce({{ valid_to }}, cast('9999-12-31' as timestamp)))
{%- endmacro %}

{#-
    Rules by which a line asks for no money: it was sent twice or is no sale at all. What is left is
    owed, whether it counts as revenue (postage does not) or not.
-#}
{% macro is_owed(exclusion_reason) -%}
    coalesce({{ exclusion_reason }}, '') not in (
        'copy_of_earlier_extract', 'exact_duplicate', 'test'
    )
{%- endmacro %}
