{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and period (1 and 12 months), where tickets or use were measured:
    what customers settled without a person. A case whose `recontact_days` are not over is pending,
    whether or not the customer came back (handbook C18). -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ fact_windows(['tickets', 'ticket_changes', 'ticket_comments', 'usage'], [1, 12]) }}

),

states as (

    select states.*
    from {{ ref('int_ticket_states') }} as states
    inner join run_months
        on
            states.from_month <= run_months.last_month
            and (states.to_month is null or states.to_month > run_months.first_month)
    where states.first_bot_reply_minutes is not null

),

bot_tickets as (

    select
        windows.as_of_date,
        windows.period_months,
        cast(states.created_at as date) <= {{ dbt.dateadd(
            'day', -var('recontact_days'), 'windows.as_of_date'
        ) }} as is_final,
        states.is_solved
        and states.reply_count = 0
        and states.return_count = 0
        and coalesce(states.reopen_count, 0) = 0 as is_contained
    from states
    inner join windows
        on
            states.created_month = windows.month_end
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    where windows.tickets and windows.ticket_changes and windows.ticket_comments

),

bots as (

    select
        bot_tickets.as_of_date,
        bot_tickets.period_months,
        count(*) as bot_ticket_count,
        {{ count_when('not bot_tickets.is_final') }} as pending_count,
        {{ count_when('bot_tickets.is_final') }} as final_count,
        {{ count_when('bot_tickets.is_final and bot_tickets.is_contained') }} as contained_count
    from bot_tickets
    group by bot_tickets.as_of_date, bot_tickets.period_months

),

accounts as (

    select
        identity_links.source_id as account_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'usage'

),

-- A customer's day in the help centre.
visits as (

    select distinct
        accounts.customer_id,
        daily_counts.usage_date,
        {{ month_end('daily_counts.usage_date') }} as month_end
    from {{ ref('stg_usage__daily_counts') }} as daily_counts
    inner join run_months
        on
            daily_counts.usage_date > {{ month_end_after('run_months.first_month', -12) }}
            and daily_counts.usage_date <= run_months.last_month
    inner join accounts on daily_counts.account_id = accounts.account_id
    where daily_counts.event_kind = 'help_centre' and daily_counts.event_count > 0

),

-- The first ticket after a visit within the days, by the month in which the desk knew of it.
asked as (

    select
        visits.customer_id,
        visits.usage_date,
        min({{ month_end('tickets.known_at') }}) as asked_month
    from visits
    inner join {{ ref('int_tickets') }} as tickets
        on
            visits.customer_id = tickets.customer_id
            and visits.usage_date <= cast(tickets.created_at as date)
            and {{ dbt.dateadd('day', var('recontact_days'), 'visits.usage_date') }}
            >= cast(tickets.created_at as date)
    group by visits.customer_id, visits.usage_date

),

judged_visits as (

    select
        windows.as_of_date,
        windows.period_months,
        visits.usage_date <= {{ dbt.dateadd(
            'day', -var('recontact_days'), 'windows.as_of_date'
        ) }} as is_final,
        coalesce(asked.asked_month <= windows.as_of_date, false) as has_asked
    from visits
    inner join windows on visits.month_end = windows.month_end
    left join asked
        on
            visits.customer_id = asked.customer_id
            and visits.usage_date = asked.usage_date
    where windows.usage and windows.tickets

),

help_centre as (

    select
        judged_visits.as_of_date,
        judged_visits.period_months,
        count(*) as visit_count,
        {{ count_when('not judged_visits.is_final') }} as pending_count,
        {{ count_when('judged_visits.is_final') }} as final_count,
        {{ count_when('judged_visits.is_final and not judged_visits.has_asked') }}
            as deflected_count
    from judged_visits
    group by judged_visits.as_of_date, judged_visits.period_months

),

measured as (

    select
        windows.as_of_date,
        windows.period_months,
        {{ count_when('windows.tickets and windows.ticket_changes and windows.ticket_comments') }}
        > 0 as has_bots,
        {{ count_when('windows.usage and windows.tickets') }} > 0 as has_help_centre
    from windows
    group by windows.as_of_date, windows.period_months

)

select
    measured.as_of_date,
    measured.period_months,
    {{ measured_count('measured.has_bots', 'bots.bot_ticket_count') }} as bot_ticket_count,
    {{ measured_count('measured.has_bots', 'bots.final_count') }} as bot_containment_cases,
    {{ measured_count('measured.has_bots', 'bots.pending_count') }}
        as bot_containment_pending_count,
    {{ rate_columns('bot_containment', 'bots.contained_count', 'bots.final_count') }},
    {{ measured_count('measured.has_help_centre', 'help_centre.visit_count') }}
        as help_centre_visit_count,
    {{ measured_count('measured.has_help_centre', 'help_centre.final_count') }}
        as help_centre_cases,
    {{ measured_count('measured.has_help_centre', 'help_centre.pending_count') }}
        as help_centre_pending_count,
    {{ rate_columns('help_centre', 'help_centre.deflected_count', 'help_centre.final_count') }}
from measured
left join bots
    on
        measured.as_of_date = bots.as_of_date
        and measured.period_months = bots.period_months
left join help_centre
    on
        measured.as_of_date = help_centre.as_of_date
        and measured.period_months = help_centre.period_months
where measured.has_bots or measured.has_help_centre
