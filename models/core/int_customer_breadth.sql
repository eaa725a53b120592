{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month in which a product or a category of products came into, or
    went out of, the customer's last 12 months. The distinct ones of 12 months are the running sum
    of these, so that a month costs one month's rows and not twelve's. -#}
with run_months as (

    {{ run_months() }}

),

bought as (

    {% for relation, thing, condition in [
        (ref('int_customer_products'), 'product_id', ''),
        (ref('int_customer_categories'), 'product_category', 'where things.line_count > 0'),
    ] -%}
    select
        things.customer_id,
        '{{ thing }}' as kind,
        things.{{ thing }} as thing,
        things.month_end
    from {{ relation }} as things
    inner join run_months
        on
            things.month_end >= {{ month_end_after('run_months.first_month', -24) }}
            and things.month_end <= run_months.last_month
    {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

neighbours as (

    select
        bought.customer_id,
        bought.kind,
        bought.month_end,
        lag(bought.month_end) over (
            partition by bought.customer_id, bought.kind, bought.thing order by bought.month_end
        ) as previous_month,
        lead(bought.month_end) over (
            partition by bought.customer_id, bought.kind, bought.thing order by bought.month_end
        ) as next_month
    from bought

),

changes as (

    select
        neighbours.customer_id,
        neighbours.kind,
        neighbours.month_end as as_of_date,
        1 as entered,
        0 as left_count
    from neighbours
    where
        neighbours.previous_month is null
        or neighbours.previous_month <= {{ month_end_after('neighbours.month_end', -12) }}
    union all
    select
        neighbours.customer_id,
        neighbours.kind,
        {{ month_end_after('neighbours.month_end', 12) }} as as_of_date,
        0 as entered,
        1 as left_count
    from neighbours
    where
        neighbours.next_month is null
        or neighbours.next_month >= {{ month_end_after('neighbours.month_end', 12) }}

)

select
    changes.customer_id,
    changes.as_of_date
    {%- for kind, name in [('product_id', 'product'), ('product_category', 'category')] %},
    cast(
        sum(case when changes.kind = '{{ kind }}' then changes.entered else 0 end) as integer
    ) as {{ name }}_entered_count,
    cast(
        sum(case when changes.kind = '{{ kind }}' then changes.left_count else 0 end) as integer
    ) as {{ name }}_left_count
    {%- endfor %}
from changes
inner join run_months
    on changes.as_of_date >= run_months.first_month and changes.as_of_date <= run_months.last_month
group by changes.customer_id, changes.as_of_date
