{#- Every month that a window of whole months ending at `as_of_date` holds, the windows being of the
    given lengths. Expects the CTE `run_months`. -#}
{% macro month_windows(periods) -%}
    select
        months.as_of_date,
        periods.period_months,
        window_months.as_of_date as month_end
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    cross join (
        {% for period in periods -%}
        select {{ period }} as period_months
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as periods
    inner join {{ ref('int_months') }} as window_months
        on
            months.as_of_date >= window_months.as_of_date
            and window_months.as_of_date
            > {{ month_end_after('months.as_of_date', '-periods.period_months') }}
{%- endmacro %}

{#- Two-sided 95 % point of Student's t, by its expansion around the normal one: within 0.5 % from
    four degrees of freedom on (Abramowitz and Stegun 26.7.5). -#}
{% macro student_95(degrees) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set v = 'cast(' ~ degrees ~ ' as double)' -%}
    (
        {{ z }}
        + {{ (z ** 3 + z) / 4 }} / {{ v }}
        + {{ (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96 }} / ({{ v }} * {{ v }})
        + {{ (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384 }}
        / ({{ v }} * {{ v }} * {{ v }})
    )
{%- endmacro %}

{#- The product of two scores of 0 to 100, as a decimal that adds up the same in any order. -#}
{% macro score_product(first, second) -%}
    cast(round(cast({{ first }} as double) * {{ second }}, 6) as decimal(18, 6))
{%- endmacro %}
