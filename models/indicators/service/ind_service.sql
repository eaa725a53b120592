{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end, dense like int_customer_activity. How the customer
    was served: six whole months as known at the month end. Who asked for nothing has no time and
    no rate, neither 0 nor 100. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ service_windows([6]) }}

),

measured as (

    select
        windows.as_of_date,
        cast({{ count_when('windows.tickets') }} as integer) as tickets_months,
        cast({{ count_when('windows.ticket_changes') }} as integer) as ticket_changes_months,
        cast({{ count_when('windows.ticket_comments') }} as integer) as ticket_comments_months,
        cast({{ count_when('windows.complaints') }} as integer) as complaints_months,
        {{ count_when('windows.tickets and windows.month_end = windows.as_of_date') }} = 1
            as is_tickets_measured_now,
        {{ count_when('windows.complaints and windows.month_end = windows.as_of_date') }} = 1
            as is_complaints_measured_now
    from windows
    group by windows.as_of_date

),

months as (

    select distinct
        windows.month_end,
        windows.ticket_comments
    from windows

),

activity as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        sum(customer_activity.handling_minutes) over six_months as handling_minutes,
        count(customer_activity.handling_minutes) over six_months as handling_months,
        {{ count_when('months.ticket_comments') }} over six_months as measured_months
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join months on customer_activity.as_of_date = months.month_end
    inner join run_months
        on
            customer_activity.as_of_date > {{ month_end_after('run_months.first_month', -6) }}
            and customer_activity.as_of_date <= run_months.last_month
    window six_months as (
        partition by customer_activity.customer_id order by customer_activity.as_of_date
        rows between 5 preceding and current row
    )

),

spine as (

    select activity.*
    from activity
    inner join run_months on activity.as_of_date >= run_months.first_month

),

states as (

    select ticket_states.*
    from {{ ref('int_ticket_states') }} as ticket_states
    where ticket_states.customer_id is not null

),

opened_tickets as (

    {{ tickets_opened_in('states', 'windows', ['customer_id']) }}

),

opened as (

    select
        opened_tickets.customer_id,
        opened_tickets.as_of_date,
        {{ opened_ticket_sums('opened_tickets') }}
    from opened_tickets
    group by opened_tickets.customer_id, opened_tickets.as_of_date

),

resolved as (

    select
        states.customer_id,
        windows.as_of_date,
        count(*) as ticket_count,
        count(states.resolution_minutes) as timed_count,
        sum(states.resolution_minutes) as resolution_minutes,
        count(states.resolution_business_minutes) as business_timed_count,
        sum(states.resolution_business_minutes) as resolution_business_minutes
    from states
    inner join windows
        on
            states.solved_month = windows.month_end
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    where states.is_solved and windows.ticket_changes
    group by states.customer_id, windows.as_of_date

),

open_tickets as (

    select
        states.customer_id,
        measured.as_of_date,
        count(*) as ticket_count,
        sum({{ days_between('cast(states.created_at as date)', 'measured.as_of_date') }})
            as age_days,
        max({{ days_between('cast(states.created_at as date)', 'measured.as_of_date') }})
            as oldest_age_days
    from states
    inner join measured
        on {{ holds_on('measured.as_of_date', 'states.from_month', 'states.to_month') }}
    where not states.is_solved and measured.is_tickets_measured_now
    group by states.customer_id, measured.as_of_date

),

-- Tickets of which it is known for which tier they were served, and which their customer had.
levels as (

    select
        ticket_levels.customer_id,
        windows.as_of_date,
        count(*) as ticket_count,
        {{ count_when('ticket_levels.is_served_below_tier') }} as below_count
    from {{ ref('ind_ticket_levels') }} as ticket_levels
    inner join windows
        on
            ticket_levels.created_month = windows.month_end
            and ticket_levels.known_month <= windows.as_of_date
            and (
                ticket_levels.excluded_month is null
                or ticket_levels.excluded_month > windows.as_of_date
            )
    where windows.tickets and ticket_levels.is_served_below_tier is not null
    group by ticket_levels.customer_id, windows.as_of_date

),

complaint_states as (

    select complaint_states.*
    from {{ ref('int_complaint_states') }} as complaint_states
    where complaint_states.customer_id is not null

),

judged_complaints as (

    select
        complaint_states.*,
        windows.as_of_date,
        {{ is_due(
            'complaint_states.resolution_target_minutes', 'last_days',
            'complaint_states.open_seconds_at_receipt',
            'complaint_states.days_without_hours_at_receipt'
        ) }} as is_resolution_due,
        cast(complaint_states.known_at as date)
        <= {{ dbt.dateadd('day', -var('repeat_complaint_days'), 'windows.as_of_date') }}
            as is_repeat_final
    from complaint_states
    inner join windows
        on
            complaint_states.complaint_month = windows.month_end
            and {{ holds_on(
                'windows.as_of_date', 'complaint_states.from_month', 'complaint_states.to_month'
            ) }}
    left join {{ ref('int_business_days') }} as last_days
        on
            complaint_states.calendar_id = last_days.calendar_id
            and windows.as_of_date = last_days.business_date
    where windows.complaints

),

complaints as (

    select
        judged_complaints.customer_id,
        judged_complaints.as_of_date,
        {{ complaint_sums('judged_complaints') }}
    from judged_complaints
    group by judged_complaints.customer_id, judged_complaints.as_of_date

),

severe_complaints as (

    select
        complaint_states.customer_id,
        measured.as_of_date,
        count(*) as complaint_count
    from complaint_states
    inner join measured
        on
            {{ holds_on(
                'measured.as_of_date', 'complaint_states.from_month', 'complaint_states.to_month'
            ) }}
            and cast(complaint_states.received_at as date)
            < {{ dbt.dateadd('day', -var('severe_complaint_days'), 'measured.as_of_date') }}
    where not complaint_states.is_solved and complaint_states.severity = 1
    group by complaint_states.customer_id, measured.as_of_date

)

select
    spine.customer_id,
    spine.as_of_date,
    measured.tickets_months as service_measured_months_6m,
    {{ measured_count('measured.tickets_months > 0', 'opened.ticket_count') }}
        as tickets_created_6m,
    {{ measured_count('measured.ticket_changes_months > 0', 'resolved.ticket_count') }}
        as tickets_resolved_6m,
    {{ ratio('resolved.resolution_minutes', 'resolved.timed_count') }}
        as resolution_minutes_mean_6m,
    {{ ratio('resolved.resolution_business_minutes', 'resolved.business_timed_count') }}
        as resolution_business_minutes_mean_6m,
    {{ measured_count('measured.ticket_changes_months > 0', 'resolved.business_timed_count') }}
        as tickets_resolved_in_business_time_6m,
    {{ ratio('opened.first_reply_minutes', 'opened.replied_count') }}
        as first_reply_minutes_mean_6m,
    {{ ratio('opened.first_reply_business_minutes', 'opened.business_replied_count') }}
        as first_reply_business_minutes_mean_6m,
    {{ measured_count('measured.ticket_comments_months > 0', 'opened.replied_count') }}
        as tickets_replied_6m,
    {{ ratio('opened.first_contact_count', 'opened.contact_count') }} as first_contact_ratio_6m,
    {{ measured_count('measured.ticket_comments_months > 0', 'opened.contact_count') }}
        as first_contact_cases_6m,
    {{ ratio('opened.level_one_first_contact_count', 'opened.level_one_contact_count') }}
        as first_contact_net_ratio_6m,
    {{ measured_count('measured.ticket_comments_months > 0', 'opened.level_one_contact_count') }}
        as first_contact_net_cases_6m,
    {{ measured_count('measured.ticket_comments_months > 0', 'opened.contact_pending_count') }}
        as first_contact_pending_6m,
    case
        when opened.contact_count + opened.contact_pending_count > 0
            then opened.contact_pending_count = 0
    end as is_first_contact_final,
    case
        when opened.contact_count > 0
            then opened.contact_count < {{ var('customer_min_n') }}
    end as is_first_contact_low_n,
    {{ ratio('opened.reopened_count', 'opened.once_solved_count') }} as reopen_ratio_6m,
    {{ measured_count('measured.ticket_changes_months > 0', 'opened.once_solved_count') }}
        as reopen_cases_6m,
    {{ ratio('opened.sla_met_count', 'opened.sla_count') }} as sla_met_ratio_6m,
    {{ measured_count('measured.tickets_months > 0', 'opened.sla_count') }} as sla_cases_6m,
    {{ measured_count('measured.tickets_months > 0', 'opened.sla_pending_count') }}
        as sla_pending_6m,
    {{ ratio('opened.reply_sla_met_count', 'opened.reply_sla_count') }}
        as first_reply_sla_met_ratio_6m,
    {{ measured_count('measured.ticket_comments_months > 0', 'opened.reply_sla_count') }}
        as first_reply_sla_cases_6m,
    cast(levels.below_count as integer) as tickets_served_below_tier_6m,
    {{ measured_count('measured.tickets_months > 0', 'levels.ticket_count') }}
        as served_below_tier_cases_6m,
    {{ ratio('levels.below_count', 'levels.ticket_count') }} as served_below_tier_ratio_6m,
    {{ measured_count('measured.is_tickets_measured_now', 'open_tickets.ticket_count') }}
        as open_tickets,
    {{ ratio('open_tickets.age_days', 'open_tickets.ticket_count') }} as open_ticket_age_days_mean,
    cast(open_tickets.oldest_age_days as integer) as open_ticket_age_days_max,
    case
        when measured.is_complaints_measured_now
            then coalesce(severe_complaints.complaint_count > 0, false)
    end as has_open_severe_complaint,
    {{ measured_count('measured.complaints_months > 0', 'complaints.complaint_count') }}
        as complaints_received_6m,
    {{ ratio('complaints.in_time_count', 'complaints.due_count') }} as complaint_sla_met_ratio_6m,
    {{ measured_count('measured.complaints_months > 0', 'complaints.due_count') }}
        as complaint_sla_cases_6m,
    {{ measured_count('measured.complaints_months > 0', 'complaints.due_pending_count') }}
        as complaint_sla_pending_6m,
    {{ ratio('complaints.repeated_count', 'complaints.repeat_case_count') }}
        as complaint_repeat_ratio_6m,
    {{ measured_count('measured.complaints_months > 0', 'complaints.repeat_case_count') }}
        as complaint_repeat_cases_6m,
    {{ measured_count('measured.complaints_months > 0', 'complaints.repeat_pending_count') }}
        as complaint_repeat_pending_6m,
    {{ ratio('complaints.upheld_count', 'complaints.assessed_count') }}
        as complaint_upheld_ratio_6m,
    {{ measured_count('measured.complaints_months > 0', 'complaints.assessed_count') }}
        as complaints_assessed_6m,
    -- Minutes that nobody noted are not known to be none.
    case
        when
            spine.measured_months > 0
            and spine.handling_months = spine.measured_months
            then cast(spine.handling_minutes as decimal(18, 2))
    end as handling_minutes_6m
from spine
inner join measured on spine.as_of_date = measured.as_of_date
{%- for facts in [
    'opened', 'resolved', 'levels', 'open_tickets', 'complaints', 'severe_complaints'
] %}
left join {{ facts }}
    on spine.customer_id = {{ facts }}.customer_id and spine.as_of_date = {{ facts }}.as_of_date
{%- endfor %}
