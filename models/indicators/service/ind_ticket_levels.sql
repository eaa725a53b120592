{#- Grain: one row per ticket as known at the end of the run's last month. For which tier the
    applied service level is, and which tier the customer had then: his of the last month end
    before the ticket was opened. A policy that is for several tiers is for the best of them. Null
    where one of the two is not known: nobody can tell how such a ticket was served. -#}
with levels as (

    select
        tickets.ticket_id,
        min(sla_policies.tier) as sla_tier
    from {{ ref('int_tickets') }} as tickets
    inner join {{ ref('stg_support__sla_policies') }} as sla_policies
        on
            tickets.sla_policy_id = sla_policies.policy_id
            and tickets.sla_priority = sla_policies.priority
            and {{ holds_on(
                'cast(tickets.sla_applied_at as date)',
                'sla_policies.valid_from', 'sla_policies.valid_to'
            ) }}
    group by tickets.ticket_id

),

tickets as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        tickets.month_end as created_month,
        {{ month_end_after('tickets.month_end', -1) }} as month_before,
        case
            when tickets.sla_applied_at > tickets.known_at
                then {{ month_end('tickets.sla_applied_at') }}
            when tickets.sla_applied_at is not null then {{ month_end('tickets.known_at') }}
        end as known_month,
        {{ month_end('tickets.excluded_at') }} as excluded_month,
        levels.sla_tier
    from {{ ref('int_tickets') }} as tickets
    left join levels on tickets.ticket_id = levels.ticket_id

),

joined as (

    select
        tickets.*,
        ind_value.tier as customer_tier,
        attributes.region,
        case
            when ind_value.tier is not null and tickets.sla_tier is not null
                then greatest(
                    {{ tier_place('tickets.sla_tier') }} - {{ tier_place('ind_value.tier') }}, 0
                )
        end as tiers_below
    from tickets
    left join {{ ref('ind_value') }} as ind_value
        on
            tickets.customer_id = ind_value.customer_id
            and tickets.month_before = ind_value.as_of_date
    left join {{ ref('int_customer_attribute_months') }} as attributes
        on
            tickets.customer_id = attributes.customer_id
            and tickets.month_before = attributes.as_of_date

)

select
    joined.ticket_id,
    joined.customer_id,
    joined.created_month,
    joined.known_month,
    joined.excluded_month,
    joined.sla_tier,
    joined.customer_tier,
    joined.region,
    joined.tiers_below,
    joined.tiers_below > 0 as is_served_below_tier
from joined
