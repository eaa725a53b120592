{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end, for who bought of any category in the twelve months
    to it: what the chance of a further category is learnt by. -#}
with run_months as (

    {{ run_months() }}

),

used as (

    select
        windows.customer_id,
        windows.as_of_date,
        windows.product_category,
        row_number() over (
            partition by windows.customer_id, windows.as_of_date
            order by windows.revenue_12m desc, windows.product_category asc
        ) as place,
        count(*) over (
            partition by windows.customer_id, windows.as_of_date
        ) as category_count
    from {{ ref('int_customer_category_windows') }} as windows
    inner join run_months
        on
            windows.as_of_date >= run_months.first_month
            and windows.as_of_date <= run_months.last_month
    where windows.line_count_12m > 0

)

select
    used.customer_id,
    used.as_of_date,
    used.product_category as main_category,
    cast(used.category_count as integer) as category_count,
    cast(
        least(used.category_count, {{ var('potential_breadth_max') }}) as integer
    ) as breadth,
    coalesce(ind_value.tier, 'none') as tier
from used
inner join {{ ref('ind_value') }} as ind_value
    on used.customer_id = ind_value.customer_id and used.as_of_date = ind_value.as_of_date
where used.place = 1
