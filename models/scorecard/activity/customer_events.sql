{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Events whose customer is not known stay in core; source_findings counts their records. -#}
with run_months as (

    {{ run_months() }}

)

select
    customer_events.customer_id,
    customer_events.month_end as as_of_date,
    customer_events.occurred_at,
    customer_events.event_type,
    customer_events.event_id,
    customer_events.journey_stage,
    customer_events.source_system,
    customer_events.source_id,
    customer_events.touchpoint,
    customer_events.channel,
    customer_events.detail,
    customer_events.amount,
    customer_events.line_count,
    customer_events.value,
    event_types.value_unit,
    customer_events.sentiment,
    customer_events.is_customer_initiated,
    customer_events.is_two_way
from {{ ref('int_customer_events') }} as customer_events
inner join run_months
    on
        customer_events.month_end >= run_months.first_month
        and customer_events.month_end <= run_months.last_month
left join {{ ref('event_types') }} as event_types
    on customer_events.event_type = event_types.event_type
where customer_events.customer_id is not null
