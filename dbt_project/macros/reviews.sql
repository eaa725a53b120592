{#-
    For each month of the run: the month whose rows teach the limits in force. That is the newest
    yearly review before it (in force after the review only) with enough history, else null.
    Expects CTEs `run_months` and `billing` (stg_control__systems of billing).
-#}
{% macro months_with_review() -%}
    select
        months.as_of_date,
        max(reviews.as_of_date) as review_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on months.as_of_date >= run_months.first_month and months.as_of_date <= run_months.last_month
    cross join billing
    left join {{ ref('int_months') }} as reviews
        on
            reviews.as_of_date < months.as_of_date
            and {{ is_review_month('reviews.as_of_date', 'billing.measured_from') }}
    group by months.as_of_date
{%- endmacro %}

{#- Whether a month end is a yearly review with enough months of history behind it. -#}
{% macro is_review_month(month_end, measured_from) -%}
    (
        extract(month from {{ month_end }}) = {{ var('review_month') }}
        and {{ months_between(measured_from, month_end) }} + 1 >= {{ var('review_min_months') }}
    )
{%- endmacro %}
