{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per customer and month in which something was shipped, arrived or came back. A
    delivery counts in the month in which it arrived, since before that nobody knew; whose number is
    linked to no customer stands under an empty customer. -#}
with run_months as (

    {{ run_months() }}

),

links as (

    select
        identity_links.source_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'billing'

),

movements as (

    select
        shipments.source_customer_id,
        {{ month_end('shipments.shipped_at') }} as month_end,
        shipments.quantity as shipped_units,
        0 as delivered_units,
        0 as returned_units,
        1 as shipment_count,
        0 as delivery_count,
        0 as return_count,
        0 as delivery_days
    from {{ ref('stg_billing__shipments') }} as shipments
    union all
    select
        shipments.source_customer_id,
        {{ month_end('shipments.delivered_at') }} as month_end,
        0 as shipped_units,
        shipments.quantity as delivered_units,
        0 as returned_units,
        0 as shipment_count,
        1 as delivery_count,
        0 as return_count,
        {{ days_between('shipments.shipped_at', 'shipments.delivered_at') }} as delivery_days
    from {{ ref('stg_billing__shipments') }} as shipments
    where shipments.delivered_at is not null
    union all
    select
        returns.source_customer_id,
        {{ month_end('returns.returned_at') }} as month_end,
        0 as shipped_units,
        0 as delivered_units,
        returns.quantity as returned_units,
        0 as shipment_count,
        0 as delivery_count,
        1 as return_count,
        0 as delivery_days
    from {{ ref('stg_billing__returns') }} as returns

)

select
    links.customer_id,
    movements.month_end,
    cast(sum(movements.shipped_units) as bigint) as shipped_units,
    cast(sum(movements.delivered_units) as bigint) as delivered_units,
    cast(sum(movements.returned_units) as bigint) as returned_units,
    cast(sum(movements.shipment_count) as integer) as shipment_count,
    cast(sum(movements.delivery_count) as integer) as delivery_count,
    cast(sum(movements.return_count) as integer) as return_count,
    cast(sum(movements.delivery_days) as bigint) as delivery_days_sum
from movements
inner join run_months
    on
        movements.month_end >= run_months.first_month
        and movements.month_end <= run_months.last_month
left join links on movements.source_customer_id = links.source_id
group by links.customer_id, movements.month_end
