{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('value_outcome_months')},
) }}
{#- Grain: one row per customer with a purchase or a contract, month end and number of months that
    are complete after it: what really came, in the basis of value of that month end. Kept apart
    from the features, since it looks ahead. Where value was margin and unit costs then stopped
    being known for nearly all of the company's turnover, what came cannot be told: there is no
    row. -#}
{%- set horizons = [var('value_outcome_months'), var('value_calibration_months')] -%}
{%- set sums = ['revenue', 'gross_margin', 'costed_revenue', 'turnover', 'costed_turnover'] -%}
with run_months as (

    {{ run_months(months_back=var('value_outcome_months')) }}

),

customer_months as (

    select
        customer_months.*,
        coalesce(mrr_months.mrr, 0) > 0 as is_paying,
        mrr_months.mrr > 0 or mrr_months.previous_paid_month is not null as had_contract
    from {{ ref('int_customer_months') }} as customer_months
    left join {{ ref('int_mrr_months') }} as mrr_months
        on
            customer_months.customer_id = mrr_months.customer_id
            and customer_months.as_of_date = mrr_months.as_of_date
    inner join run_months
        on
            customer_months.as_of_date >= run_months.first_month
            and customer_months.as_of_date <= run_months.last_month

),

later as (

    {% for months in horizons -%}
    select
        customer_months.customer_id,
        customer_months.as_of_date,
        {{ month_end_after('customer_months.as_of_date', months) }} as outcome_month,
        {{ months }} as outcome_months,
        customer_months.last_purchase_date,
        customer_months.had_contract,
        sum(case when customer_months.is_paying then 1 else 0 end) over later_{{ months }}
            as paid_months_after,
        sum(customer_months.purchase_count) over later_{{ months }} as purchase_count_after,
        {% for name in sums -%}
        sum(customer_months.{{ name }}) over later_{{ months }} as {{ name }}_after
        {%- if not loop.last %},{% endif %}
        {% endfor -%}
    from customer_months
    window later_{{ months }} as (
        partition by customer_months.customer_id order by customer_months.as_of_date
        rows between 1 following and {{ months }} following
    )
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

complete as (

    select
        later.*,
        value_basis.value_basis,
        {{ window_margin('later', 'later.revenue_after', suffix='_after') }} as margin_after,
        value_basis.gross_margin_ratio_12m as company_margin_rate
    from later
    cross join run_months
    inner join {{ ref('ind_value_basis') }} as value_basis
        on later.as_of_date = value_basis.as_of_date
    inner join {{ ref('ind_value_basis') }} as basis_after
        on later.outcome_month = basis_after.as_of_date
    where
        (later.last_purchase_date is not null or later.had_contract)
        and later.outcome_month <= run_months.last_month
        and (value_basis.value_basis = 'revenue' or basis_after.value_basis = 'margin')

)

select
    complete.customer_id,
    complete.as_of_date,
    complete.outcome_months,
    cast(complete.purchase_count_after as integer) as purchase_count_after,
    cast(complete.paid_months_after as integer) as paid_months_after,
    cast(complete.revenue_after as double) as revenue_after,
    cast(
        case
            when complete.value_basis = 'revenue' then complete.revenue_after
            else coalesce(
                complete.margin_after,
                cast(
                    round(complete.revenue_after * complete.company_margin_rate, 4)
                    as decimal(18, 4)
                )
            )
        end as double
    ) as value_after,
    complete.value_basis
from complete
