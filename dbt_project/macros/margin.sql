{#- Whether unit costs are known for enough of a window's turnover, which is counted by amounts
    whatever their sign: a credit without a cost hides as much as a sale without one. -#}
{% macro is_margin_covered(sums, suffix='') -%}
    {{ sums }}.costed_turnover{{ suffix }}
    >= {{ var('margin_coverage_min') }} * {{ sums }}.turnover{{ suffix }}
{%- endmacro %}

{#-
    Gross margin of a window: null where unit costs cover less than `margin_coverage_min` of its
    turnover; the little that has no cost counts at the customer's own margin rate of the window.
    Without turnover there is no margin, which is 0. `prefix` and `suffix` name the window
    (`lifetime_`, `_12m`).
-#}
{% macro window_margin(sums, revenue, prefix='', suffix='') -%}
    {%- set margin = sums ~ '.' ~ prefix ~ 'gross_margin' ~ suffix -%}
    {%- set costed_revenue = sums ~ '.' ~ prefix ~ 'costed_revenue' ~ suffix -%}
    {%- set turnover = sums ~ '.' ~ prefix ~ 'turnover' ~ suffix -%}
    {%- set costed_turnover = sums ~ '.' ~ prefix ~ 'costed_turnover' ~ suffix -%}
    case
        when {{ costed_turnover }} = {{ turnover }} then {{ margin }}
        when
            {{ costed_turnover }} >= {{ var('margin_coverage_min') }} * {{ turnover }}
            and {{ costed_revenue }} > 0
            then
                {{ margin }} + cast(
                    round(
                        ({{ revenue }} - {{ costed_revenue }})
                        * {{ ratio(margin, costed_revenue) }},
                        4
                    ) as decimal(18, 4)
                )
    end
{%- endmacro %}

{#-
    What a customer is worth by the company's basis of the month (`ind_value_basis`): 12-month
    revenue, or gross margin. Where too few of the customer's costs are known, the margin is
    estimated from revenue at the customer's own rate on what is known, or else at the company's, so
    that everybody is judged by the same measure.
-#}
{% macro value_12m(windows, basis) -%}
    case
        when {{ basis }}.value_basis = 'margin'
            then coalesce(
                {{ window_margin(windows, windows ~ '.revenue_12m', suffix='_12m') }},
                cast(
                    round(
                        {{ windows }}.revenue_12m * case
                            when {{ windows }}.costed_revenue_12m > 0
                                then {{ ratio(
                                    windows ~ '.gross_margin_12m', windows ~ '.costed_revenue_12m'
                                ) }}
                            else {{ basis }}.gross_margin_ratio_12m
                        end, 4
                    ) as decimal(18, 4)
                )
            )
        else {{ windows }}.revenue_12m
    end
{%- endmacro %}

{#- Gross margin rate of a group of customers: empty where its revenue is too small to divide by. -#}
{% macro group_margin_ratio(margin, revenue) -%}
    case
        when {{ revenue }} > 0 and {{ revenue }} >= {{ var('margin_min_revenue') }}
            then {{ ratio(margin, revenue) }}
    end
{%- endmacro %}
