{#- Grain: one row per customer and stage of the journey that the customer reached, with the day it
    was reached first and the day of the first later stage. Only customers who began under our eyes:
    what others did before the data begin is not known. -#}
with customers as (

    select
        customers.customer_id,
        customers.first_seen_month
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('stg_control__systems') }} as systems
        on
            customers.first_seen_date >= cast(
                {{ dbt.dateadd('day', var('tenure_censor_days'), 'systems.measured_from') }} as date
            )
    where systems.source_system = 'billing'

),

first_purchases as (

    select
        purchases.customer_id,
        min(purchases.purchase_date) as purchase_date
    from {{ ref('int_purchases') }} as purchases
    inner join customers on purchases.customer_id = customers.customer_id
    group by purchases.customer_id

),

-- A purchase counts as a repurchase once the customer is no longer new.
touches as (

    select
        customer_events.customer_id,
        customer_events.journey_stage as stage,
        customer_events.month_end,
        min(cast(customer_events.occurred_at as date)) as entered_on
    from {{ ref('int_customer_events') }} as customer_events
    inner join customers on customer_events.customer_id = customers.customer_id
    where customer_events.journey_stage is not null
    group by
        customer_events.customer_id, customer_events.journey_stage, customer_events.month_end
    union all
    select
        purchases.customer_id,
        'advocacy' as stage,
        purchases.month_end,
        min(purchases.purchase_date) as entered_on
    from {{ ref('int_purchases') }} as purchases
    inner join first_purchases
        on
            purchases.customer_id = first_purchases.customer_id
            and purchases.purchase_date
            >= {{ dbt.dateadd('day', var('new_customer_days'), 'first_purchases.purchase_date') }}
    group by purchases.customer_id, purchases.month_end

),

-- What was done for somebody who was no customer yet counts once there is a customer.
known_touches as (

    select
        touches.customer_id,
        touches.stage,
        greatest(touches.month_end, customers.first_seen_month) as month_end,
        touches.entered_on
    from touches
    inner join customers on touches.customer_id = customers.customer_id

),

numbered as (

    select
        known_touches.*,
        row_number() over (
            partition by known_touches.customer_id, known_touches.stage
            order by known_touches.month_end, known_touches.entered_on
        ) as touch_number
    from known_touches

),

entries as (

    select
        numbered.customer_id,
        numbered.stage,
        journey_stages.place,
        numbered.entered_on,
        numbered.month_end,
        {{ month_end(
            dbt.dateadd('day', var('journey_window_days'), 'numbered.entered_on')
        ) }} as window_month
    from numbered
    inner join {{ ref('journey_stages') }} as journey_stages
        on numbered.stage = journey_stages.stage
    where numbered.touch_number = 1

),

followed as (

    select
        entries.customer_id,
        entries.stage,
        entries.entered_on,
        min(
            case
                when
                    later_entries.entered_on >= entries.entered_on
                    and later_entries.month_end <= entries.window_month
                    and {{ days_between('entries.entered_on', 'later_entries.entered_on') }}
                    <= {{ var('journey_window_days') }}
                    then later_entries.entered_on
            end
        ) as next_entered_on,
        max(
            case
                when
                    later_entries.entered_on < entries.entered_on
                    and later_entries.month_end <= entries.month_end
                    then 1
                else 0
            end
        ) as out_of_order
    from entries
    inner join entries as later_entries
        on
            entries.customer_id = later_entries.customer_id
            and entries.place < later_entries.place
    group by entries.customer_id, entries.stage, entries.entered_on

)

select
    entries.customer_id,
    entries.stage,
    entries.place,
    entries.entered_on,
    entries.month_end,
    greatest(entries.window_month, entries.month_end) as decided_month,
    followed.next_entered_on,
    {{ days_between('entries.entered_on', 'followed.next_entered_on') }} as dwell_days,
    coalesce(followed.out_of_order = 1, false) as is_out_of_order
from entries
left join followed
    on
        entries.customer_id = followed.customer_id
        and entries.stage = followed.stage
        and entries.entered_on = followed.entered_on
