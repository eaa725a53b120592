{#- Grain: one row per customer and month end with a contact about an issue: a ticket that was
    opened, or a message that the customer wrote on it later. A switch is a ticket opened by another
    channel than the customer's ticket on the same topic in the days before. -#}
with tickets as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        tickets.channel,
        tickets.created_at,
        tickets.known_at,
        {{ month_end('tickets.known_at') }} as month_end,
        {{ month_end('tickets.excluded_at') }} as excluded_month
    from {{ ref('int_tickets') }} as tickets
    where
        tickets.customer_id is not null
        and (
            tickets.excluded_at is null
            or {{ month_end('tickets.excluded_at') }} > {{ month_end('tickets.known_at') }}
        )

),

-- The first topic a ticket was given, where it had one in the month in which it became known.
topics as (

    select
        ticket_states.ticket_id,
        ticket_states.topic,
        min(ticket_states.from_month) as topic_month
    from {{ ref('int_ticket_states') }} as ticket_states
    where ticket_states.topic is not null
    group by ticket_states.ticket_id, ticket_states.topic

),

compared as (

    select
        tickets.customer_id,
        tickets.month_end,
        tickets.channel,
        tickets.created_at,
        lag(tickets.channel) over before_it as previous_channel,
        lag(tickets.created_at) over before_it as previous_created_at
    from tickets
    inner join topics
        on tickets.ticket_id = topics.ticket_id and tickets.month_end = topics.topic_month
    window before_it as (
        partition by tickets.customer_id, topics.topic
        order by tickets.known_at, tickets.ticket_id
    )

),

contacts as (

    select
        tickets.customer_id,
        tickets.month_end,
        1 as contact_count,
        0 as switch_count
    from tickets
    union all
    select
        tickets.customer_id,
        {{ month_end('ticket_comments.commented_at') }} as month_end,
        1 as contact_count,
        0 as switch_count
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    inner join {{ ref('stg_control__run_window') }} as run_window
        on cast(ticket_comments.commented_at as date) <= run_window.last_month
    inner join tickets on ticket_comments.ticket_id = tickets.ticket_id
    where
        ticket_comments.author_kind = 'customer'
        and ticket_comments.commented_at > tickets.created_at
        and (
            tickets.excluded_month is null
            or tickets.excluded_month > {{ month_end('ticket_comments.commented_at') }}
        )
    union all
    select
        compared.customer_id,
        compared.month_end,
        0 as contact_count,
        1 as switch_count
    from compared
    where
        compared.channel <> compared.previous_channel
        and compared.created_at
        <= {{ dbt.dateadd('day', var('recontact_days'), 'compared.previous_created_at') }}

)

select
    contacts.customer_id,
    contacts.month_end,
    cast(sum(contacts.contact_count) as integer) as contact_count,
    cast(sum(contacts.switch_count) as integer) as switch_count
from contacts
group by contacts.customer_id, contacts.month_end
