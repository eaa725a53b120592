{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- A customer who uses k categories has the next ones among the first k + 3 of the cell, so that
    customers are never paired with all categories. -#}
with run_months as (

    {{ run_months() }}

),

candidates as (

    select
        profiles.customer_id,
        profiles.as_of_date,
        profiles.tier,
        profiles.main_category,
        ind_value.value_basis,
        offers.product_category,
        offers.probability,
        offers.case_count,
        offers.adopter_mean_value,
        offers.expected_value,
        offers.method,
        row_number() over (
            partition by profiles.customer_id, profiles.as_of_date order by offers.place
        ) as place
    from {{ ref('ind_category_profiles') }} as profiles
    inner join run_months
        on
            profiles.as_of_date >= run_months.first_month
            and profiles.as_of_date <= run_months.last_month
    inner join {{ ref('ind_value') }} as ind_value
        on
            profiles.customer_id = ind_value.customer_id
            and profiles.as_of_date = ind_value.as_of_date
    inner join {{ ref('ind_category_offers') }} as offers
        on
            profiles.as_of_date = offers.as_of_date
            and profiles.main_category = offers.main_category
            and profiles.breadth = offers.breadth
            and profiles.tier = offers.tier
    left join {{ ref('int_customer_category_windows') }} as windows
        on
            profiles.customer_id = windows.customer_id
            and profiles.as_of_date = windows.as_of_date
            and offers.product_category = windows.product_category
            and windows.line_count_12m > 0
    where
        windows.customer_id is null
        and {{ is_offer('offers') }}
        and offers.place <= profiles.category_count + {{ var('potential_places') }}

)

select
    candidates.customer_id,
    candidates.as_of_date,
    cast(candidates.place as integer) as place,
    candidates.tier,
    candidates.main_category,
    candidates.product_category,
    round(candidates.probability, 6) as uptake_probability,
    cast(candidates.case_count as integer) as uptake_case_count,
    candidates.case_count < {{ var('min_n') }} as is_low_n,
    candidates.value_basis,
    cast(candidates.adopter_mean_value as decimal(18, 2)) as adopter_mean_value,
    cast(candidates.expected_value as decimal(18, 2)) as expected_value_12m,
    candidates.method,
    {{ may_contact('attributes.has_marketing_consent') }} as may_contact,
    {{ held_reason('attributes.has_marketing_consent') }} as held_reason
from candidates
left join {{ ref('int_customer_attribute_months') }} as attributes
    on
        candidates.customer_id = attributes.customer_id
        and candidates.as_of_date = attributes.as_of_date
where candidates.place <= {{ var('potential_places') }}
