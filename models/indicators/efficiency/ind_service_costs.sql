{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end with a ticket opened or a message on one: what
    serving cost that month. Minutes that agents noted, at their own hourly cost of that day, or
    where theirs is not known at the month's mean; and the service desk's tools and material by
    these minutes, of the customer's tier where the ledger names one. Without any hourly cost
    there are no rows. -#}
with run_months as (

    {{ run_months() }}

),

staff as (

    select
        staff.employee_id,
        staff.hourly_cost,
        staff.valid_from,
        staff.valid_to
    from {{ ref('stg_organisation__staff') }} as staff

),

comments as (

    select
        tickets.customer_id,
        {{ month_end('ticket_comments.commented_at') }} as as_of_date,
        ticket_comments.handling_minutes,
        staff.hourly_cost
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    inner join run_months on {{ in_run_months('ticket_comments.commented_at') }}
    inner join {{ ref('int_tickets') }} as tickets
        on ticket_comments.ticket_id = tickets.ticket_id
    left join staff
        on
            ticket_comments.agent_id = staff.employee_id
            and {{ holds_on(
                'ticket_comments.commented_at', 'staff.valid_from', 'staff.valid_to'
            ) }}
    where
        tickets.customer_id is not null
        and (
            tickets.excluded_at is null
            or {{ month_end('tickets.excluded_at') }}
            > {{ month_end('ticket_comments.commented_at') }}
        )

),

-- Per minute: the mean of the minutes whose cost is known.
month_rates as (

    select
        comments.as_of_date,
        {{ ratio(
            'sum(comments.handling_minutes * comments.hourly_cost)',
            '60 * sum(case when comments.hourly_cost is not null '
            ~ 'then comments.handling_minutes end)'
        ) }} as minute_cost
    from comments
    group by comments.as_of_date

),

customer_minutes as (

    select
        comments.customer_id,
        comments.as_of_date,
        sum(comments.handling_minutes) as handling_minutes,
        sum(case when comments.hourly_cost is null then comments.handling_minutes else 0 end)
            as minutes_without_rate,
        sum(comments.handling_minutes * comments.hourly_cost) as cost_of_sixty_minutes
    from comments
    group by comments.customer_id, comments.as_of_date

),

opened as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        customer_activity.tickets_opened
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join run_months
        on
            customer_activity.as_of_date >= run_months.first_month
            and customer_activity.as_of_date <= run_months.last_month
    where customer_activity.tickets_opened > 0

),

joined as (

    select
        coalesce(customer_minutes.customer_id, opened.customer_id) as customer_id,
        coalesce(customer_minutes.as_of_date, opened.as_of_date) as as_of_date,
        -- Minutes that nobody noted are not known to be none.
        case
            when customer_minutes.customer_id is null then 0
            else customer_minutes.handling_minutes
        end as handling_minutes,
        coalesce(customer_minutes.minutes_without_rate, 0) as minutes_without_rate,
        coalesce(customer_minutes.cost_of_sixty_minutes, 0) as cost_of_sixty_minutes,
        coalesce(opened.tickets_opened, 0) as tickets_opened
    from customer_minutes
    full outer join opened
        on
            customer_minutes.customer_id = opened.customer_id
            and customer_minutes.as_of_date = opened.as_of_date

),

priced as (

    select
        joined.customer_id,
        joined.as_of_date,
        ind_value.tier,
        joined.tickets_opened,
        joined.handling_minutes,
        case
            when joined.handling_minutes is not null
                then cast(
                    round(
                        joined.cost_of_sixty_minutes / cast(60 as double)
                        + joined.minutes_without_rate * month_rates.minute_cost,
                        4
                    ) as decimal(18, 4)
                )
        end as handling_cost
    from joined
    inner join month_rates on joined.as_of_date = month_rates.as_of_date
    inner join {{ ref('ind_value') }} as ind_value
        on joined.customer_id = ind_value.customer_id and joined.as_of_date = ind_value.as_of_date
    where month_rates.minute_cost is not null

),

tier_minutes as (

    select
        priced.as_of_date,
        priced.tier,
        sum(priced.handling_minutes) as tier_minutes,
        sum(sum(priced.handling_minutes)) over (partition by priced.as_of_date) as all_minutes
    from priced
    group by priced.as_of_date, priced.tier

),

desk_costs as (

    select
        costs.month_end,
        coalesce(costs.tier, 'all') as tier,
        sum(costs.amount) as amount
    from {{ ref('int_costs') }} as costs
    where costs.purpose = 'service'
    group by costs.month_end, coalesce(costs.tier, 'all')

),

direct as (

    select
        tier_minutes.as_of_date,
        tier_minutes.tier,
        coalesce(
            {{ ratio('max(of_tier.amount)', 'max(tier_minutes.tier_minutes)') }}, 0
        ) + coalesce({{ ratio('max(of_all.amount)', 'max(tier_minutes.all_minutes)') }}, 0)
            as minute_cost
    from tier_minutes
    left join desk_costs as of_tier
        on tier_minutes.as_of_date = of_tier.month_end and tier_minutes.tier = of_tier.tier
    left join desk_costs as of_all
        on tier_minutes.as_of_date = of_all.month_end and of_all.tier = 'all'
    group by tier_minutes.as_of_date, tier_minutes.tier

)

select
    priced.customer_id,
    priced.as_of_date,
    priced.tier,
    cast(priced.tickets_opened as integer) as tickets_opened,
    cast(priced.handling_minutes as decimal(18, 2)) as handling_minutes,
    priced.handling_cost,
    cast(round(priced.handling_minutes * direct.minute_cost, 4) as decimal(18, 4)) as direct_cost
from priced
inner join direct on priced.as_of_date = direct.as_of_date and priced.tier = direct.tier
