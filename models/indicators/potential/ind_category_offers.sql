{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, category of products, and main category, breadth and tier of
    customers: the probability that is told, what it is worth, and the place of the category in the
    cell. The probability of the cell is told unless the plain rate of the category expected the
    last twelve months better. -#}
with run_months as (

    {{ run_months() }}

),

methods as (

    select
        tests.as_of_date,
        case
            when sum(cast(tests.profile_squared_error as decimal(38, 10)))
                < sum(cast(tests.base_squared_error as decimal(38, 10)))
                then 'profile'
            else 'base_rate'
        end as method
    from {{ ref('ind_potential_tests') }} as tests
    where tests.product_category <> '{{ any_category() }}'
    group by tests.as_of_date

),

chosen as (

    select
        uptake.as_of_date,
        uptake.product_category,
        uptake.main_category,
        uptake.breadth,
        uptake.tier,
        coalesce(methods.method, 'profile_untested') as method,
        case
            when methods.method = 'base_rate' then uptake.base_probability
            else uptake.profile_probability
        end as probability,
        uptake.adopter_mean_value,
        uptake.breadth_eligible_count as case_count
    from {{ ref('ind_category_uptake') }} as uptake
    inner join run_months
        on
            uptake.as_of_date >= run_months.first_month
            and uptake.as_of_date <= run_months.last_month
    left join methods on uptake.as_of_date = methods.as_of_date

),

-- Who takes it up brings nothing known where nobody did: the probability is 0 then, and so is this.
valued as (

    select
        chosen.*,
        cast(
            round(chosen.probability * coalesce(chosen.adopter_mean_value, 0), 4)
            as decimal(18, 4)
        ) as expected_value
    from chosen

)

select
    valued.*,
    cast(
        row_number() over (
            partition by valued.as_of_date, valued.main_category, valued.breadth, valued.tier
            order by
                case when {{ is_offer('valued') }} then 0 else 1 end,
                valued.expected_value desc,
                valued.product_category
        ) as integer
    ) as place
from valued
