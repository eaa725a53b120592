{#- Grain: one row per ticket and span of month ends [from_month, to_month) at which it stood the
    same. Says how a ticket stood at any month end, as known then: what came later begins another
    span. A ticket that is merged, spam or a test has no row from the month in which that was
    known. -#}
{%- set minutes = {'resolution': 'solved', 'first_reply': 'replied'} -%}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

tickets as (

    select
        tickets.*,
        coalesce(tickets.customer_id, tickets.requester_id) as contact_id,
        {{ month_end('tickets.known_at') }} as known_month,
        {{ month_end('tickets.excluded_at') }} as excluded_month
    from {{ ref('int_tickets') }} as tickets

),

versions as (

    select
        tickets.ticket_id,
        tickets.ticket_kind,
        tickets.topic,
        tickets.severity,
        tickets.is_level_one_resolvable,
        {{ month_end('tickets.valid_from') }} as month_end,
        row_number() over (partition by tickets.ticket_id order by tickets.valid_from)
            as version_number
    from {{ ref('stg_support__tickets') }} as tickets
    inner join run_window on cast(tickets.valid_from as date) <= run_window.last_month

),

-- The first topic a ticket was given stays its topic: one that is put right later moves no past
-- month.
topic_versions as (

    select
        versions.ticket_id,
        min(versions.version_number) as version_number
    from versions
    where versions.topic is not null
    group by versions.ticket_id

),

topics as (

    select
        versions.ticket_id,
        versions.topic,
        versions.month_end
    from versions
    inner join topic_versions
        on
            versions.ticket_id = topic_versions.ticket_id
            and versions.version_number = topic_versions.version_number

),

known_comments as (

    select
        ticket_comments.*,
        {{ month_end('ticket_comments.commented_at') }} as month_end
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    inner join run_window
        on cast(ticket_comments.commented_at as date) <= run_window.last_month

),

comments_began as (

    select min(known_comments.commented_at) as first_comment_at
    from known_comments

),

comments as (

    select
        known_comments.ticket_id,
        known_comments.month_end,
        count(*) as comment_count,
        sum(
            case
                when known_comments.is_public and known_comments.author_kind = 'agent' then 1
                else 0
            end
        ) as reply_count,
        min(
            case
                when
                    known_comments.is_public
                    and known_comments.author_kind = 'agent'
                    and known_comments.commented_at >= tickets.created_at
                    then known_comments.commented_at
            end
        ) as first_reply_at,
        min(
            case
                when
                    known_comments.is_public
                    and known_comments.author_kind = 'bot'
                    and known_comments.commented_at >= tickets.created_at
                    then known_comments.commented_at
            end
        ) as first_bot_reply_at
    from known_comments
    inner join tickets on known_comments.ticket_id = tickets.ticket_id
    group by known_comments.ticket_id, known_comments.month_end

),

contacts as (

    select
        tickets.ticket_id,
        tickets.contact_id,
        tickets.created_at,
        topics.topic,
        greatest(tickets.known_month, topics.month_end) as month_end,
        tickets.excluded_month
    from tickets
    inner join topics on tickets.ticket_id = topics.ticket_id

),

-- Who comes back with the same topic within the days was not helped at first contact.
returns as (

    select
        contacts.ticket_id,
        later_contacts.month_end,
        later_contacts.excluded_month
    from contacts
    inner join contacts as later_contacts
        on
            contacts.contact_id = later_contacts.contact_id
            and contacts.topic = later_contacts.topic
            and contacts.ticket_id <> later_contacts.ticket_id
            and later_contacts.created_at
            <= {{ dbt.dateadd('day', var('recontact_days'), 'contacts.created_at') }}
    where
        (
            contacts.created_at < later_contacts.created_at
            or (
                contacts.created_at = later_contacts.created_at
                and contacts.ticket_id < later_contacts.ticket_id
            )
        )
        and (
            later_contacts.excluded_month is null
            or later_contacts.excluded_month > later_contacts.month_end
        )

),

{% set change_columns = {
    'spell_number': 'null', 'version_number': 'null', 'reopenings': '0', 'comment_count': '0',
    'reply_count': '0', 'first_reply_at': 'cast(null as timestamp)',
    'first_bot_reply_at': 'cast(null as timestamp)', 'return_count': '0', 'solutions': '0',
    'has_topic': '0', 'has_service_level': '0',
} -%}
{%- set changes = [
    ('tickets', 'known_month', '', {}),
    (
        'spells', 'month_end', '',
        {
            'spell_number': 'spells.spell_number',
            'solutions': "case when spells.state = 'solved' then 1 else 0 end",
        },
    ),
    ('spells', 'ended_month', 'spells.is_reopened', {'reopenings': '1'}),
    ('versions', 'month_end', '', {'version_number': 'versions.version_number'}),
    ('topics', 'month_end', '', {'has_topic': '1'}),
    (
        'comments', 'month_end', '',
        {
            'comment_count': 'comments.comment_count', 'reply_count': 'comments.reply_count',
            'first_reply_at': 'comments.first_reply_at',
            'first_bot_reply_at': 'comments.first_bot_reply_at',
        },
    ),
    ('returns', 'month_end', '', {'return_count': '1'}),
    ('returns', 'excluded_month', 'returns.excluded_month is not null', {'return_count': '-1'}),
    (
        'tickets', 'applied_month', 'tickets.sla_applied_at is not null',
        {'has_service_level': '1'},
    ),
] -%}
spells as (

    select
        ticket_spells.*,
        {{ month_end('ticket_spells.ended_at') }} as ended_month
    from {{ ref('int_ticket_spells') }} as ticket_spells

),

changes as (

    {% for relation, month, condition, columns in changes -%}
    select
        {{ relation }}.ticket_id,
        {% if month == 'applied_month' -%}
        {{ month_end('tickets.sla_applied_at') }} as month_end
        {%- else -%}
        {{ relation }}.{{ month }} as month_end
        {%- endif -%}
        {%- for column, nothing in change_columns.items() %},
        {{ columns.get(column, nothing) }} as {{ column }}
        {%- endfor %}
    from {{ relation }}
    {% if condition -%}
    where {{ condition }}
    {% endif -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- What was recorded before the ticket itself was known begins with the ticket.
months_of_change as (

    select
        changes.ticket_id,
        greatest(changes.month_end, tickets.known_month) as from_month,
        max(changes.spell_number) as spell_number,
        max(changes.version_number) as version_number,
        max(changes.has_topic) as has_topic,
        max(changes.has_service_level) as has_service_level,
        min(changes.first_reply_at) as first_reply_at,
        min(changes.first_bot_reply_at) as first_bot_reply_at
        {%- for column in [
            'reopenings', 'comment_count', 'reply_count', 'return_count', 'solutions'
        ] %},
        sum(changes.{{ column }}) as {{ column }}
        {%- endfor %}
    from changes
    inner join tickets on changes.ticket_id = tickets.ticket_id
    group by changes.ticket_id, greatest(changes.month_end, tickets.known_month)

),

so_far as (

    select
        months_of_change.ticket_id,
        months_of_change.from_month,
        lead(months_of_change.from_month) over (
            partition by months_of_change.ticket_id order by months_of_change.from_month
        ) as next_month,
        {%- for column in [
            'spell_number', 'version_number', 'has_topic', 'has_service_level'
        ] %}
        max(months_of_change.{{ column }}) over earlier as {{ column }},
        {%- endfor %}
        min(months_of_change.first_reply_at) over earlier as first_reply_at,
        min(months_of_change.first_bot_reply_at) over earlier as first_bot_reply_at
        {%- for column in [
            'reopenings', 'comment_count', 'reply_count', 'return_count', 'solutions'
        ] %},
        sum(months_of_change.{{ column }}) over earlier as {{ column }}
        {%- endfor %}
    from months_of_change
    window earlier as (
        partition by months_of_change.ticket_id order by months_of_change.from_month
        rows between unbounded preceding and current row
    )

),

-- The target in force when the service level was applied. A policy that asks different things of
-- several tiers does not say which of them was meant.
targets as (

    select
        tickets.ticket_id,
        {%- for column in ['calendar_id', 'resolution_minutes', 'first_reply_minutes'] %}
        case
            when min(sla_policies.{{ column }}) = max(sla_policies.{{ column }})
                then min(sla_policies.{{ column }})
        end as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from tickets
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

states as (

    select
        so_far.ticket_id,
        so_far.from_month,
        case
            when
                tickets.excluded_month is not null
                and (
                    so_far.next_month is null or tickets.excluded_month < so_far.next_month
                )
                then tickets.excluded_month
            else so_far.next_month
        end as to_month,
        tickets.customer_id,
        tickets.created_at,
        tickets.month_end as created_month,
        versions.ticket_kind as kind,
        case when so_far.has_topic = 1 then topics.topic end as topic,
        versions.severity,
        versions.is_level_one_resolvable,
        coalesce(spells.state = 'solved', false) as is_solved,
        case when spells.state = 'solved' then spells.started_at end as solved_at,
        so_far.first_reply_at as replied_at,
        so_far.first_bot_reply_at as bot_replied_at,
        coalesce(spells.has_history, false) as has_history,
        so_far.comment_count > 0
        or coalesce(tickets.created_at >= comments_began.first_comment_at, false) as has_comments,
        so_far.reopenings,
        so_far.reply_count,
        so_far.return_count,
        so_far.solutions > 0 as was_solved,
        case when so_far.has_service_level = 1 then targets.calendar_id end as calendar_id,
        case when so_far.has_service_level = 1 then targets.resolution_minutes end
            as resolution_target_minutes,
        case when so_far.has_service_level = 1 then targets.first_reply_minutes end
            as first_reply_target_minutes
    from so_far
    inner join tickets on so_far.ticket_id = tickets.ticket_id
    left join topics on so_far.ticket_id = topics.ticket_id
    left join versions
        on
            so_far.ticket_id = versions.ticket_id
            and so_far.version_number = versions.version_number
    left join spells
        on so_far.ticket_id = spells.ticket_id and so_far.spell_number = spells.spell_number
    left join targets on so_far.ticket_id = targets.ticket_id
    cross join comments_began
    where
        (tickets.excluded_month is null or so_far.from_month < tickets.excluded_month)
        and coalesce(spells.state, 'open') <> 'void'

)

select
    states.ticket_id,
    states.from_month,
    states.to_month,
    states.customer_id,
    states.created_at,
    states.created_month,
    states.kind,
    states.topic,
    states.severity,
    states.is_level_one_resolvable,
    states.is_solved,
    states.solved_at,
    {{ month_end('states.solved_at') }} as solved_month,
    case
        when states.solved_at >= states.created_at
            then {{ minutes_between('states.created_at', 'states.solved_at') }}
    end as resolution_minutes,
    {{ minutes_between('states.created_at', 'states.replied_at') }} as first_reply_minutes,
    {{ minutes_between('states.created_at', 'states.bot_replied_at') }}
        as first_bot_reply_minutes,
    states.calendar_id,
    case
        when not created_days.is_without_hours
            then {{ open_seconds('created_days', 'states.created_at') }}
    end as open_seconds_at_creation,
    created_days.days_without_hours as days_without_hours_at_creation,
    {%- for measure, event in minutes.items() %}
    -- No minute passes in a calendar without hours: not measured, not 0.
    case
        when
            states.{{ event }}_at >= states.created_at
            and not created_days.is_without_hours
            and {{ event }}_days.days_without_hours = created_days.days_without_hours
            then cast(
                floor(
                    (
                        {{ open_seconds(event ~ '_days', 'states.' ~ event ~ '_at') }}
                        - {{ open_seconds('created_days', 'states.created_at') }}
                    ) / 60
                ) as integer
            )
    end as {{ measure }}_business_minutes,
    {%- endfor %}
    states.resolution_target_minutes,
    states.first_reply_target_minutes,
    states.was_solved,
    cast(states.reply_count as integer) as reply_count,
    cast(states.return_count as integer) as return_count,
    cast(case when states.has_history then states.reopenings end as integer) as reopen_count,
    states.has_comments,
    case
        when states.has_history and states.has_comments and states.topic is not null
            then
                states.is_solved
                and states.reopenings = 0
                and states.reply_count = 1
                and states.return_count = 0
    end as is_first_contact
from states
left join {{ ref('int_business_days') }} as created_days
    on
        states.calendar_id = created_days.calendar_id
        and cast(states.created_at as date) = created_days.business_date
{%- for event in minutes.values() %}
left join {{ ref('int_business_days') }} as {{ event }}_days
    on
        states.calendar_id = {{ event }}_days.calendar_id
        and cast(states.{{ event }}_at as date) = {{ event }}_days.business_date
{%- endfor %}
