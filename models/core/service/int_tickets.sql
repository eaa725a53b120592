{#- Grain: one row per ticket as known at the end of the run's last month. Tickets that count
    nowhere stay, each with the reason. The service level is the one that was applied, with the
    priority of that moment: a priority that was raised later judges nobody by it. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select
        identity_links.source_id as requester_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'support'

),

known_versions as (

    select tickets.*
    from {{ ref('stg_support__tickets') }} as tickets
    inner join run_window
        on
            cast(tickets.valid_from as date) <= run_window.last_month
            and cast(tickets.created_at as date) <= run_window.last_month

),

turning_points as (

    select
        known_versions.ticket_id,
        min(known_versions.valid_from) as first_version_at,
        min(
            case when known_versions.sla_policy_id is not null then known_versions.valid_from end
        ) as sla_applied_at,
        min(
            case
                when {{ ticket_state('known_versions.status') }} = 'void'
                    then known_versions.valid_from
            end
        ) as excluded_at,
        min(
            case
                when known_versions.ticket_kind = 'complaint' then known_versions.valid_from
            end
        ) as complaint_known_at
    from known_versions
    group by known_versions.ticket_id

),

tickets as (

    select known_versions.*
    from known_versions
    inner join run_window
        on
            known_versions.valid_to is null
            or cast(known_versions.valid_to as date) > run_window.last_month

),

applied_levels as (

    select
        known_versions.ticket_id,
        known_versions.sla_policy_id,
        known_versions.priority as sla_priority,
        turning_points.sla_applied_at
    from known_versions
    inner join turning_points
        on
            known_versions.ticket_id = turning_points.ticket_id
            and known_versions.valid_from = turning_points.sla_applied_at

),

openings as (

    select
        known_versions.ticket_id,
        known_versions.ticket_kind
    from known_versions
    inner join turning_points
        on
            known_versions.ticket_id = turning_points.ticket_id
            and known_versions.valid_from = turning_points.first_version_at

),

spells as (

    select
        ticket_spells.ticket_id,
        max(
            case
                when ticket_spells.state = 'solved' and ticket_spells.ended_at is null
                    then ticket_spells.started_at
            end
        ) as solved_at,
        sum(case when ticket_spells.is_reopened then 1 else 0 end) as reopen_count,
        max(case when ticket_spells.has_history then 1 else 0 end) as history_rank
    from {{ ref('int_ticket_spells') }} as ticket_spells
    group by ticket_spells.ticket_id

),

known_comments as (

    select ticket_comments.*
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    inner join run_window
        on cast(ticket_comments.commented_at as date) <= run_window.last_month

),

-- Who sends no comments at all is not known to have answered nobody.
comments_began as (

    select min(known_comments.commented_at) as first_comment_at
    from known_comments

),

comments as (

    select
        known_comments.ticket_id,
        count(*) as comment_count,
        min(
            case
                when
                    known_comments.is_public
                    and known_comments.author_kind in ('agent', 'bot')
                    and known_comments.commented_at >= tickets.created_at
                    then known_comments.commented_at
            end
        ) as first_public_reply_at,
        min(
            case
                when
                    known_comments.is_public
                    and known_comments.author_kind = 'agent'
                    and known_comments.commented_at >= tickets.created_at
                    then known_comments.commented_at
            end
        ) as first_agent_reply_at,
        sum(
            case
                when known_comments.is_public and known_comments.author_kind = 'agent' then 1
                else 0
            end
        ) as public_agent_reply_count,
        sum(case when known_comments.author_kind = 'customer' then 1 else 0 end)
            as customer_comment_count,
        sum(case when known_comments.author_kind = 'bot' then 1 else 0 end) as bot_comment_count,
        sum(known_comments.handling_minutes) as handling_minutes
    from known_comments
    inner join tickets on known_comments.ticket_id = tickets.ticket_id
    group by known_comments.ticket_id

),

complaints as (

    select
        complaint_events.ticket_id,
        count(distinct complaint_events.complaint_id) as complaint_count
    from {{ ref('stg_support__complaint_events') }} as complaint_events
    inner join run_window on cast(complaint_events.occurred_at as date) <= run_window.last_month
    group by complaint_events.ticket_id

),

joined as (

    select
        tickets.*,
        links.customer_id,
        customers.first_seen_date,
        turning_points.first_version_at,
        turning_points.excluded_at,
        turning_points.complaint_known_at,
        openings.ticket_kind as opened_kind,
        applied_levels.sla_policy_id as applied_policy_id,
        applied_levels.sla_priority,
        applied_levels.sla_applied_at,
        spells.solved_at as final_solved_at,
        coalesce(spells.history_rank = 1, false) as has_history,
        case when spells.history_rank = 1 then spells.reopen_count end as reopen_count,
        comments.first_public_reply_at,
        comments.first_agent_reply_at,
        comments.comment_count is not null
        or coalesce(tickets.created_at >= comments_began.first_comment_at, false) as has_comments,
        coalesce(comments.public_agent_reply_count, 0) as public_agent_reply_count,
        coalesce(comments.customer_comment_count, 0) as customer_comment_count,
        coalesce(comments.bot_comment_count, 0) as bot_comment_count,
        comments.handling_minutes,
        complaints.complaint_count,
        case
            when {{ ticket_state('tickets.status') }} = 'void' then tickets.status
        end as exclusion_reason
    from tickets
    inner join turning_points on tickets.ticket_id = turning_points.ticket_id
    inner join openings on tickets.ticket_id = openings.ticket_id
    left join applied_levels on tickets.ticket_id = applied_levels.ticket_id
    left join spells on tickets.ticket_id = spells.ticket_id
    left join comments on tickets.ticket_id = comments.ticket_id
    left join complaints on tickets.ticket_id = complaints.ticket_id
    left join links on tickets.requester_id = links.requester_id
    left join {{ ref('int_customers') }} as customers on links.customer_id = customers.customer_id
    cross join comments_began

)

select
    joined.ticket_id,
    joined.customer_id,
    joined.requester_id,
    joined.ticket_kind as kind,
    joined.opened_kind,
    joined.topic,
    joined.channel,
    joined.priority,
    joined.severity,
    joined.status,
    joined.is_level_one_resolvable,
    joined.team_id,
    joined.agent_id,
    joined.created_at,
    {{ month_end('joined.created_at') }} as month_end,
    case
        when joined.first_version_at > joined.created_at then joined.first_version_at
        else joined.created_at
    end as known_at,
    joined.excluded_at,
    -- Once filed as a complaint it stays one: that it was received is a fact of its month.
    case
        when joined.complaint_known_at < joined.created_at then joined.created_at
        else joined.complaint_known_at
    end as complaint_known_at,
    joined.applied_policy_id as sla_policy_id,
    joined.sla_priority,
    joined.sla_applied_at,
    joined.first_public_reply_at,
    joined.first_agent_reply_at,
    {{ minutes_between('joined.created_at', 'joined.first_agent_reply_at') }}
        as first_reply_minutes,
    joined.final_solved_at as solved_at,
    case
        when joined.final_solved_at >= joined.created_at
            then {{ minutes_between('joined.created_at', 'joined.final_solved_at') }}
    end as resolution_minutes,
    cast(joined.reopen_count as integer) as reopen_count,
    cast(case when joined.has_comments then joined.public_agent_reply_count end as integer)
        as public_agent_reply_count,
    cast(case when joined.has_comments then joined.customer_comment_count end as integer)
        as customer_comment_count,
    cast(case when joined.has_comments then joined.bot_comment_count end as integer)
        as bot_comment_count,
    cast(joined.handling_minutes as decimal(18, 2)) as handling_minutes,
    case
        when joined.has_comments and joined.has_history
            then
                joined.final_solved_at is not null
                and joined.reopen_count = 0
                and joined.public_agent_reply_count = 1
    end as is_first_contact_candidate,
    joined.complaint_known_at is not null or joined.complaint_count is not null as is_complaint,
    joined.has_history,
    coalesce(cast(joined.created_at as date) < joined.first_seen_date, false)
        as is_opened_before_sign_up,
    coalesce(joined.final_solved_at < joined.created_at, false) as is_solved_before_opened,
    coalesce(
        joined.has_history
        and joined.exclusion_reason is null
        and (
            ({{ ticket_state('joined.status') }} = 'solved') <> (joined.final_solved_at is not null)
        ),
        false
    ) as is_status_in_conflict,
    joined.exclusion_reason
from joined
