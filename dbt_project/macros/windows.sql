{#- Every month that a window of whole months ending at `as_of_date` holds, and whether facts were
    measured in it. Expects the CTE `run_months`. -#}
{% macro fact_windows(facts, periods) -%}
    select
        months.as_of_date,
        periods.period_months,
        measured_facts.as_of_date as month_end,
        {%- for fact in facts %}
        max(case when measured_facts.fact = '{{ fact }}' and measured_facts.is_measured then 1 end)
        is not null as {{ fact }}{{ ',' if not loop.last }}
        {%- endfor %}
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
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            months.as_of_date >= measured_facts.as_of_date
            and measured_facts.as_of_date
            > {{ month_end_after('months.as_of_date', '-periods.period_months') }}
    group by months.as_of_date, periods.period_months, measured_facts.as_of_date
{%- endmacro %}

{#- Every month end of the run with the month end at which each period that ends there began; periods
    that begin before the history are left out. Expects the CTE `run_months`. -#}
{% macro period_ends(periods) -%}
    select
        months.as_of_date,
        periods.period_months,
        {{ month_end_after('months.as_of_date', '-periods.period_months') }} as start_date
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
    where
        {{ month_end_after('months.as_of_date', '-periods.period_months') }}
        >= run_months.history_start
{%- endmacro %}
