{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, category of products, and main category, breadth and tier of
    customers: how many of the customers of twelve months ago who did not use the category took it
    up since, and what it brought. All of it is over by the month end, so that nothing of the time
    to come is in it. The category `{{ any_category() }}` stands for at least one new one.

    The probability of the cell is drawn to that of main category and breadth, this to that of the
    main category, and this to the rate of the category. Customers are counted by cell, never paired
    with what they do not use: a million customers times all categories would be too many rows. -#}
{%- set weight = var('potential_shrinkage') -%}
{%- set cell = ['main_category', 'breadth', 'tier'] -%}
with run_months as (

    {{ run_months() }}

),

-- Customers as they were twelve months before the month end.
cohort as (

    select
        profiles.customer_id,
        profiles.main_category,
        profiles.category_count,
        profiles.breadth,
        profiles.tier,
        {{ month_end_after('profiles.as_of_date', 12) }} as as_of_date
    from {{ ref('ind_category_profiles') }} as profiles
    inner join run_months
        on
            profiles.as_of_date >= {{ month_end_after('run_months.first_month', -12) }}
            and profiles.as_of_date <= {{ month_end_after('run_months.last_month', -12) }}

),

used_before as (

    select
        windows.customer_id,
        windows.product_category,
        {{ month_end_after('windows.as_of_date', 12) }} as as_of_date
    from {{ ref('int_customer_category_windows') }} as windows
    inner join run_months
        on
            windows.as_of_date >= {{ month_end_after('run_months.first_month', -12) }}
            and windows.as_of_date <= {{ month_end_after('run_months.last_month', -12) }}
    where windows.line_count_12m > 0

),

used_since as (

    select
        windows.customer_id,
        windows.product_category,
        windows.as_of_date,
        case
            when value_basis.value_basis = 'revenue' then windows.revenue_12m
            when windows.costed_revenue_12m = windows.revenue_12m then windows.gross_margin_12m
            else
                windows.gross_margin_12m + cast(
                    round(
                        (windows.revenue_12m - windows.costed_revenue_12m)
                        * value_basis.gross_margin_ratio_12m,
                        4
                    ) as decimal(18, 4)
                )
        end as value_12m
    from {{ ref('int_customer_category_windows') }} as windows
    inner join {{ ref('ind_value_basis') }} as value_basis
        on windows.as_of_date = value_basis.as_of_date
    inner join run_months
        on
            windows.as_of_date >= run_months.first_month
            and windows.as_of_date <= run_months.last_month
    where windows.line_count_12m > 0

),

-- What there is to buy: what anybody bought of in the twelve months to the month end.
offered as (

    select distinct
        used_since.as_of_date,
        used_since.product_category
    from used_since

),

offered_counts as (

    select
        offered.as_of_date,
        count(*) as offered_count
    from offered
    group by offered.as_of_date

),

taken_up as (

    select
        cohort.customer_id,
        cohort.as_of_date,
        cohort.main_category,
        cohort.breadth,
        cohort.tier,
        cohort.category_count < offered_counts.offered_count as has_headroom,
        used_since.product_category,
        used_since.value_12m
    from used_since
    inner join cohort
        on
            used_since.customer_id = cohort.customer_id
            and used_since.as_of_date = cohort.as_of_date
    inner join offered_counts on used_since.as_of_date = offered_counts.as_of_date
    left join used_before
        on
            used_since.customer_id = used_before.customer_id
            and used_since.product_category = used_before.product_category
            and used_since.as_of_date = used_before.as_of_date
    where used_before.customer_id is null

),

-- Counts that are added up by cell: customers for all categories, less who used one, and who took
-- it up.
cohort_cells as (

    select
        cohort.as_of_date,
        {% for column in cell -%}
        cohort.{{ column }},
        {% endfor -%}
        count(*) as customer_count,
        {{ count_when('cohort.category_count < offered_counts.offered_count') }} as headroom_count
    from cohort
    inner join offered_counts on cohort.as_of_date = offered_counts.as_of_date
    group by cohort.as_of_date, cohort.main_category, cohort.breadth, cohort.tier

),

used_cells as (

    select
        cohort.as_of_date,
        {% for column in cell -%}
        cohort.{{ column }},
        {% endfor -%}
        used_before.product_category,
        count(*) as user_count
    from used_before
    inner join cohort
        on
            used_before.customer_id = cohort.customer_id
            and used_before.as_of_date = cohort.as_of_date
    group by
        cohort.as_of_date,
        cohort.main_category,
        cohort.breadth,
        cohort.tier,
        used_before.product_category

),

adopter_cells as (

    select
        taken_up.as_of_date,
        {% for column in cell -%}
        taken_up.{{ column }},
        {% endfor -%}
        taken_up.product_category,
        count(*) as adopter_count,
        sum(taken_up.value_12m) as adopter_value
    from taken_up
    group by
        taken_up.as_of_date,
        taken_up.main_category,
        taken_up.breadth,
        taken_up.tier,
        taken_up.product_category
    union all
    select
        taken_up.as_of_date,
        {% for column in cell -%}
        taken_up.{{ column }},
        {% endfor -%}
        '{{ any_category() }}' as product_category,
        count(distinct taken_up.customer_id) as adopter_count,
        sum(taken_up.value_12m) as adopter_value
    from taken_up
    where taken_up.has_headroom
    group by taken_up.as_of_date, taken_up.main_category, taken_up.breadth, taken_up.tier

),

-- Also the cells of now that nobody was in twelve months ago: they have the probability above them.
cells as (

    select
        profiles.as_of_date,
        profiles.main_category,
        profiles.breadth,
        profiles.tier
    from {{ ref('ind_category_profiles') }} as profiles
    inner join run_months
        on
            profiles.as_of_date >= run_months.first_month
            and profiles.as_of_date <= run_months.last_month
    union
    select
        cohort_cells.as_of_date,
        cohort_cells.main_category,
        cohort_cells.breadth,
        cohort_cells.tier
    from cohort_cells

),

things as (

    select
        offered.as_of_date,
        offered.product_category
    from offered
    union all
    select
        offered_counts.as_of_date,
        '{{ any_category() }}' as product_category
    from offered_counts

),

counted as (

    select
        cells.as_of_date,
        things.product_category,
        {% for column in cell -%}
        cells.{{ column }},
        {% endfor -%}
        case
            when things.product_category = '{{ any_category() }}'
                then coalesce(cohort_cells.headroom_count, 0)
            else coalesce(cohort_cells.customer_count, 0) - coalesce(used_cells.user_count, 0)
        end as eligible_count,
        coalesce(adopter_cells.adopter_count, 0) as adopter_count,
        coalesce(adopter_cells.adopter_value, 0) as adopter_value
    from cells
    inner join things on cells.as_of_date = things.as_of_date
    left join cohort_cells
        on
            cells.as_of_date = cohort_cells.as_of_date
            {%- for column in cell %}
            and cells.{{ column }} = cohort_cells.{{ column }}
            {%- endfor %}
    left join used_cells
        on
            cells.as_of_date = used_cells.as_of_date
            {%- for column in cell %}
            and cells.{{ column }} = used_cells.{{ column }}
            {%- endfor %}
            and things.product_category = used_cells.product_category
    left join adopter_cells
        on
            cells.as_of_date = adopter_cells.as_of_date
            {%- for column in cell %}
            and cells.{{ column }} = adopter_cells.{{ column }}
            {%- endfor %}
            and things.product_category = adopter_cells.product_category

),

levels as (

    select
        counted.*,
        {%- for name, columns in [
            ('category', ''),
            ('main', ', counted.main_category'),
            ('breadth', ', counted.main_category, counted.breadth'),
        ] %}
        sum(counted.eligible_count) over (
            partition by counted.as_of_date, counted.product_category{{ columns }}
        ) as {{ name }}_eligible_count,
        sum(counted.adopter_count) over (
            partition by counted.as_of_date, counted.product_category{{ columns }}
        ) as {{ name }}_adopter_count,
        {%- endfor %}
        sum(counted.adopter_value) over (
            partition by counted.as_of_date, counted.product_category
        ) as category_adopter_value,
        sum(counted.adopter_count) over (
            partition by counted.as_of_date, counted.product_category, counted.tier
        ) as tier_adopter_count,
        sum(counted.adopter_value) over (
            partition by counted.as_of_date, counted.product_category, counted.tier
        ) as tier_adopter_value
    from counted

),

base as (

    select
        levels.*,
        {{ ratio('levels.category_adopter_count', 'levels.category_eligible_count') }}
            as base_probability,
        {{ ratio('levels.category_adopter_value', 'levels.category_adopter_count') }}
            as base_value
    from levels
    where levels.category_eligible_count > 0

),

by_main as (

    select
        base.*,
        {{ drawn(
            'base.main_adopter_count', 'base.main_eligible_count', 'base.base_probability', weight
        ) }} as main_probability
    from base

),

by_breadth as (

    select
        by_main.*,
        {{ drawn(
            'by_main.breadth_adopter_count', 'by_main.breadth_eligible_count',
            'by_main.main_probability', weight
        ) }} as breadth_probability
    from by_main

)

select
    by_breadth.as_of_date,
    by_breadth.product_category,
    {% for column in cell -%}
    by_breadth.{{ column }},
    {% endfor -%}
    cast(by_breadth.eligible_count as integer) as eligible_count,
    cast(by_breadth.adopter_count as integer) as adopter_count,
    cast(by_breadth.adopter_value as decimal(18, 4)) as adopter_value,
    cast(by_breadth.breadth_eligible_count as integer) as breadth_eligible_count,
    round(by_breadth.base_probability, 6) as base_probability,
    round(
        {{ drawn(
            'by_breadth.adopter_count', 'by_breadth.eligible_count',
            'by_breadth.breadth_probability', weight
        ) }}, 6
    ) as profile_probability,
    cast(
        {{ drawn(
            'by_breadth.tier_adopter_value', 'by_breadth.tier_adopter_count',
            'by_breadth.base_value', weight
        ) }} as decimal(18, 4)
    ) as adopter_mean_value
from by_breadth
