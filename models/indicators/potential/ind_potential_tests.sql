{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and category of products: what was expected twelve months ago, from
    what was over then, against what came. The squared errors are those of all customers who did not
    use the category, added up by cell. A category that was not sold then could not be expected. -#}
with run_months as (

    {{ run_months() }}

),

compared as (

    select
        outcomes.as_of_date,
        outcomes.product_category,
        cast(outcomes.eligible_count as double) as eligible,
        cast(outcomes.adopter_count as double) as adopters,
        outcomes.adopter_value,
        expected.profile_probability,
        expected.base_probability,
        cast(
            round(
                outcomes.eligible_count
                * expected.profile_probability
                * coalesce(expected.adopter_mean_value, 0),
                4
            ) as decimal(18, 4)
        ) as expected_value
    from {{ ref('ind_category_uptake') }} as outcomes
    inner join run_months
        on
            outcomes.as_of_date >= run_months.first_month
            and outcomes.as_of_date <= run_months.last_month
    inner join {{ ref('ind_category_uptake') }} as expected
        on
            {{ month_end_after('outcomes.as_of_date', -12) }} = expected.as_of_date
            and outcomes.product_category = expected.product_category
            and outcomes.main_category = expected.main_category
            and outcomes.breadth = expected.breadth
            and outcomes.tier = expected.tier
    where outcomes.eligible_count > 0

)

-- Doubles are added up as decimals: their sum would differ from run to run.
select
    compared.as_of_date,
    compared.product_category,
    cast(sum(compared.eligible) as integer) as eligible_count,
    cast(sum(compared.adopters) as integer) as adopter_count,
    cast(sum(compared.adopter_value) as decimal(18, 4)) as adopter_value,
    cast(sum(compared.expected_value) as decimal(18, 4)) as expected_value,
    {%- for name in ['profile', 'base'] %}
    {%- set probability = 'compared.' ~ name ~ '_probability' %}
    cast(
        sum(cast(compared.eligible * {{ probability }} as decimal(38, 10))) as double
    ) as {{ name }}_expected_count,
    cast(
        sum(
            cast(
                compared.adopters * power(1 - {{ probability }}, 2)
                + (compared.eligible - compared.adopters) * power({{ probability }}, 2)
                as decimal(38, 10)
            )
        ) as double
    ) as {{ name }}_squared_error{{ ',' if not loop.last }}
    {%- endfor %}
from compared
group by compared.as_of_date, compared.product_category
