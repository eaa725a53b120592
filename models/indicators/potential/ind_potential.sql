{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: potential value (handbook C10), the value expected in
    the next twelve months from categories that the customer does not use. The sum over the unused
    ones is that over all of the cell less the used ones. -#}
with run_months as (

    {{ run_months() }}

),

months_offered as (

    select
        offers.as_of_date,
        count(distinct offers.product_category) - 1 as offered_count
    from {{ ref('ind_category_offers') }} as offers
    group by offers.as_of_date

),

first_category as (

    select min(customer_categories.month_end) as first_month
    from {{ ref('int_customer_categories') }} as customer_categories

),

everything as (

    select
        offers.as_of_date,
        offers.main_category,
        offers.breadth,
        offers.tier,
        min(offers.method) as method,
        sum(
            case
                when offers.product_category = '{{ any_category() }}' then 0
                else offers.expected_value
            end
        ) as expected_value,
        max(
            case
                when offers.product_category = '{{ any_category() }}' then offers.probability
            end
        ) as any_probability,
        max(
            case
                when offers.product_category = '{{ any_category() }}' then offers.case_count
            end
        ) as case_count
    from {{ ref('ind_category_offers') }} as offers
    inner join run_months
        on
            offers.as_of_date >= run_months.first_month
            and offers.as_of_date <= run_months.last_month
    group by offers.as_of_date, offers.main_category, offers.breadth, offers.tier

),

used as (

    select
        profiles.customer_id,
        profiles.as_of_date,
        sum(offers.expected_value) as expected_value
    from {{ ref('ind_category_profiles') }} as profiles
    inner join run_months
        on
            profiles.as_of_date >= run_months.first_month
            and profiles.as_of_date <= run_months.last_month
    inner join {{ ref('int_customer_category_windows') }} as windows
        on
            profiles.customer_id = windows.customer_id
            and profiles.as_of_date = windows.as_of_date
    inner join {{ ref('ind_category_offers') }} as offers
        on
            profiles.as_of_date = offers.as_of_date
            and profiles.main_category = offers.main_category
            and profiles.breadth = offers.breadth
            and profiles.tier = offers.tier
            and windows.product_category = offers.product_category
    where windows.line_count_12m > 0
    group by profiles.customer_id, profiles.as_of_date

),

joined as (

    select
        ind_value.customer_id,
        ind_value.as_of_date,
        profiles.category_count,
        months_offered.offered_count - profiles.category_count as unused_category_count,
        everything.method,
        everything.case_count,
        everything.any_probability,
        everything.expected_value - coalesce(used.expected_value, 0) as potential_value,
        case
            when
                first_category.first_month is null
                or first_category.first_month > ind_value.as_of_date
                then 'no_categories'
            when months_offered.as_of_date is null then 'history_too_short'
            when profiles.customer_id is null then 'nothing_bought_12m'
        end as missing_reason
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month
    cross join first_category
    left join months_offered on ind_value.as_of_date = months_offered.as_of_date
    left join {{ ref('ind_category_profiles') }} as profiles
        on
            ind_value.customer_id = profiles.customer_id
            and ind_value.as_of_date = profiles.as_of_date
    left join everything
        on
            profiles.as_of_date = everything.as_of_date
            and profiles.main_category = everything.main_category
            and profiles.breadth = everything.breadth
            and profiles.tier = everything.tier
    left join used
        on
            ind_value.customer_id = used.customer_id
            and ind_value.as_of_date = used.as_of_date

)

select
    joined.customer_id,
    joined.as_of_date,
    case
        when joined.missing_reason is null then cast(joined.unused_category_count as integer)
    end as unused_category_count,
    case
        when joined.missing_reason is not null then null
        when joined.unused_category_count = 0 then 0.0
        else joined.any_probability
    end as cross_sell_probability,
    case
        when joined.missing_reason is null
            then cast(joined.potential_value as decimal(18, 4))
    end as potential_value_12m,
    case
        when joined.missing_reason is null then cast(joined.case_count as integer)
    end as potential_case_count,
    case when joined.missing_reason is null then joined.method end as potential_method,
    joined.missing_reason as potential_missing_reason
from joined
