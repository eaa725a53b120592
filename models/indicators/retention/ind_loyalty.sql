{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: loyalty (handbook C15). Renewals stand for repeat
    purchases where some were due. A part that is not measured is left out and lowers the coverage:
    it is not zero. -#}
{%- set weights = var('loyalty_weights') -%}
{%- set parts = [
    ('joined.repeat_part', weights.repeat),
    ('joined.purchase_regularity_12m', weights.regularity),
    ('joined.category_breadth_12m', weights.breadth),
    ('joined.attitude_part', weights.attitude),
] -%}
with run_months as (

    {{ run_months() }}

),

renewals as (

    {{ renewals_so_far() }}

),

-- What there is to buy: the categories that anybody bought from in twelve months.
offered as (

    select
        months.as_of_date,
        count(distinct sold.product_category) as category_count
    from (
        select distinct
            customer_categories.product_category,
            customer_categories.month_end
        from {{ ref('int_customer_categories') }} as customer_categories
        where customer_categories.line_count > 0
    ) as sold
    inner join {{ ref('int_months') }} as months
        on
            sold.month_end <= months.as_of_date
            and sold.month_end > {{ month_end_after('months.as_of_date', -12) }}
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    group by months.as_of_date

),

joined as (

    select
        ind_retention.customer_id,
        ind_retention.as_of_date,
        ind_retention.purchase_regularity_12m,
        coalesce(
            {{ ratio('renewals.renewals', 'renewals.renewals_due') }}, ind_retention.repeat_rate_12m
        ) as repeat_part,
        case
            when windows.last_purchase_date is not null
                then {{ ratio('windows.category_count_12m', 'offered.category_count') }}
        end as category_breadth_12m,
        case ind_satisfaction.nps_class
            when 'promoter' then 1
            when 'passive' then 0.5
            when 'detractor' then 0
        end as attitude_part
    from {{ ref('ind_retention') }} as ind_retention
    inner join run_months
        on
            ind_retention.as_of_date >= run_months.first_month
            and ind_retention.as_of_date <= run_months.last_month
    inner join {{ ref('int_customer_windows') }} as windows
        on
            ind_retention.customer_id = windows.customer_id
            and ind_retention.as_of_date = windows.as_of_date
    inner join {{ ref('ind_satisfaction') }} as ind_satisfaction
        on
            ind_retention.customer_id = ind_satisfaction.customer_id
            and ind_retention.as_of_date = ind_satisfaction.as_of_date
    left join renewals
        on
            ind_retention.customer_id = renewals.customer_id
            and ind_retention.as_of_date = renewals.as_of_date
    left join offered on ind_retention.as_of_date = offered.as_of_date

),

weighed as (

    select
        joined.*,
        -- Tenths added up as doubles are off by their last digit.
        round({{ weight_of_measured(parts) }}, 6) as loyalty_coverage,
        round(100 * {{ mean_of_measured(parts) }}, 6) as loyalty
    from joined

)

select
    weighed.customer_id,
    weighed.as_of_date,
    weighed.category_breadth_12m,
    weighed.loyalty_coverage,
    case
        when weighed.loyalty_coverage >= {{ var('min_coverage') }} then weighed.loyalty
    end as loyalty_index
from weighed
