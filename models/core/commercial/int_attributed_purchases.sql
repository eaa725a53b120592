{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per purchase and touch that was delivered to its customer in the
    `attribution_days` before it. The purchase's money is shared three ways: all to the first touch,
    all to the last, or the same to each; each way adds up to the purchase. So are the part of it
    whose cost is known, and the margin of that part. -#}
{%- set measures = {
    'amount': 'amount', 'costed_amount': 'costed_amount', 'margin': 'gross_margin',
} -%}
with run_months as (

    {{ run_months() }}

),

purchases as (

    select
        purchases.customer_id,
        purchases.purchase_date,
        purchases.month_end,
        purchases.amount,
        purchases.costed_amount,
        purchases.gross_margin
    from {{ ref('int_purchases') }} as purchases
    inner join run_months
        on
            purchases.month_end >= run_months.first_month
            and purchases.month_end <= run_months.last_month

),

touches as (

    select
        touches.touch_id,
        touches.campaign_id,
        touches.channel,
        touches.customer_id,
        touches.touched_at,
        cast(touches.touched_at as date) as touched_on
    from {{ ref('int_touch_outcomes') }} as touches
    where touches.is_delivered and touches.customer_id is not null

),

touched as (

    select
        purchases.customer_id,
        purchases.purchase_date,
        purchases.month_end,
        purchases.amount,
        purchases.costed_amount,
        purchases.gross_margin,
        touches.touch_id,
        touches.campaign_id,
        touches.channel,
        row_number() over (
            partition by purchases.customer_id, purchases.purchase_date
            order by touches.touched_at, touches.touch_id
        ) as touch_number,
        count(*) over (partition by purchases.customer_id, purchases.purchase_date)
            as touch_count
    from purchases
    inner join touches
        on
            purchases.customer_id = touches.customer_id
            and purchases.purchase_date >= touches.touched_on
            and purchases.purchase_date
            <= {{ dbt.dateadd('day', var('attribution_days'), 'touches.touched_on') }}

),

shared as (

    select
        touched.*,
        {%- for name, column in measures.items() %}
        cast(round({{ ratio('touched.' ~ column, 'touched.touch_count') }}, 4) as decimal(18, 4))
            as equal_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from touched

)

select
    shared.customer_id,
    shared.purchase_date,
    shared.month_end,
    shared.touch_id,
    shared.campaign_id,
    shared.channel,
    cast(shared.touch_count as integer) as touch_count,
    {%- for name, column in measures.items() %}
    cast(
        case when shared.touch_number = 1 then shared.{{ column }} else 0 end as decimal(18, 4)
    ) as first_touch_{{ name }},
    cast(
        case
            when shared.touch_number = shared.touch_count then shared.{{ column }} else 0
        end as decimal(18, 4)
    ) as last_touch_{{ name }},
    cast(
        case
            when shared.touch_number = shared.touch_count
                then shared.{{ column }} - (shared.touch_count - 1) * shared.equal_{{ name }}
            else shared.equal_{{ name }}
        end as decimal(18, 4)
    ) as linear_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from shared
