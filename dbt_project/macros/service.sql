{#- Every month that a window of whole months ending at `as_of_date` holds, and whether tickets,
    their changes, their messages and complaints were measured in it. Expects the CTE
    `run_months`. -#}
{% macro service_windows(periods) -%}
    {{ fact_windows(['tickets', 'ticket_changes', 'ticket_comments', 'complaints'], periods) }}
{%- endmacro %}

{#- Whether the time that a target allows had passed at a month end; null where no target or no
    business minute is known. Until then a case is pending, even one that is decided already
    (handbook C0). `days` is the row of `int_business_days` of the month end. -#}
{% macro is_due(target, days, open_seconds_at_start, days_without_hours_at_start) -%}
    case
        when {{ days }}.days_without_hours = {{ days_without_hours_at_start }}
            then
                ({{ days }}.open_minutes_before + {{ days }}.open_minutes) * 60
                - {{ open_seconds_at_start }}
                >= {{ target }} * 60
    end
{%- endmacro %}

{#- The tickets of windows by the month in which they were opened, each as known at the window's
    end: the columns it is counted by and what is counted, no more, for each ticket stands in up to
    twelve windows. Expects `states` (rows of `int_ticket_states`) and `windows` (of
    `service_windows`). -#}
{% macro tickets_opened_in(states, windows, columns) -%}
    select
        {% for column in columns + [
            'is_solved', 'was_solved', 'resolution_minutes', 'resolution_business_minutes',
            'first_reply_minutes', 'first_reply_business_minutes', 'first_bot_reply_minutes',
            'reopen_count', 'is_level_one_resolvable',
        ] -%}
        {{ states }}.{{ column }},
        {% endfor -%}
        {{ windows }}.as_of_date,
        {{ windows }}.period_months,
        {{ windows }}.ticket_comments and {{ states }}.has_comments as is_reply_measured,
        {% for measure in ['resolution', 'first_reply'] -%}
        {{ is_due(
            states ~ '.' ~ measure ~ '_target_minutes', 'last_days',
            states ~ '.open_seconds_at_creation', states ~ '.days_without_hours_at_creation'
        ) }} as is_{{ measure }}_due,
        coalesce(
            {{ states }}.{{ measure }}_business_minutes
            <= {{ states }}.{{ measure }}_target_minutes,
            false
        ) as is_{{ measure }}_in_time,
        {% endfor -%}
        cast({{ states }}.created_at as date)
        <= {{ dbt.dateadd('day', -var('recontact_days'), windows ~ '.as_of_date') }}
            as is_contact_final,
        case when {{ windows }}.ticket_comments then {{ states }}.is_first_contact end
            as is_resolved_at_first_contact
    from {{ states }}
    inner join {{ windows }}
        on
            {{ states }}.created_month = {{ windows }}.month_end
            and {{ holds_on(
                windows ~ '.as_of_date', states ~ '.from_month', states ~ '.to_month'
            ) }}
    left join {{ ref('int_business_days') }} as last_days
        on
            {{ states }}.calendar_id = last_days.calendar_id
            and {{ windows }}.as_of_date = last_days.business_date
    where {{ windows }}.tickets
{%- endmacro %}

{#- Cases that a condition holds for. -#}
{% macro count_when(condition) -%}
    sum(case when {{ condition }} then 1 else 0 end)
{%- endmacro %}

{#- What is counted of tickets as opened in a window: the sums behind replies, service levels, first
    contact and reopening. Ratios are made of these sums, never of ratios. -#}
{% macro opened_ticket_sums(tickets) -%}
    {%- set t = tickets -%}
    count(*) as ticket_count,
    {{ count_when('not ' ~ t ~ '.is_solved') }} as still_open_count,
    {{ count_when(t ~ '.is_reply_measured') }} as reply_measured_count,
    {{ count_when(t ~ '.is_reply_measured and ' ~ t ~ '.first_reply_minutes is not null') }}
        as replied_count,
    sum(case when {{ t }}.is_reply_measured then {{ t }}.first_reply_minutes end)
        as first_reply_minutes,
    {{ count_when(
        t ~ '.is_reply_measured and ' ~ t ~ '.first_reply_business_minutes is not null'
    ) }} as business_replied_count,
    sum(case when {{ t }}.is_reply_measured then {{ t }}.first_reply_business_minutes end)
        as first_reply_business_minutes,
    {{ count_when(t ~ '.is_reply_measured and ' ~ t ~ '.first_bot_reply_minutes is not null') }}
        as bot_replied_count,
    sum(case when {{ t }}.is_reply_measured then {{ t }}.first_bot_reply_minutes end)
        as first_bot_reply_minutes,
    {#- Solved at a time that has no business minutes is not late, it is not known. #}
    {{ count_when(
        t ~ '.is_resolution_due and (not ' ~ t ~ '.is_solved or ' ~ t
        ~ '.resolution_business_minutes is not null)'
    ) }} as sla_count,
    {{ count_when(t ~ '.is_resolution_due and ' ~ t ~ '.is_resolution_in_time') }} as sla_met_count,
    {{ count_when('not ' ~ t ~ '.is_resolution_due') }} as sla_pending_count,
    {{ count_when(t ~ '.is_first_reply_due and ' ~ t ~ '.is_reply_measured') }}
        as reply_sla_count,
    {{ count_when(
        t ~ '.is_first_reply_due and ' ~ t ~ '.is_reply_measured and ' ~ t
        ~ '.is_first_reply_in_time'
    ) }} as reply_sla_met_count,
    {{ count_when('not ' ~ t ~ '.is_first_reply_due and ' ~ t ~ '.is_reply_measured') }}
        as reply_sla_pending_count,
    {{ count_when(t ~ '.is_contact_final and ' ~ t ~ '.is_resolved_at_first_contact is not null') }}
        as contact_count,
    {{ count_when(t ~ '.is_contact_final and ' ~ t ~ '.is_resolved_at_first_contact') }}
        as first_contact_count,
    {{ count_when(
        t ~ '.is_contact_final and ' ~ t ~ '.is_resolved_at_first_contact is not null and ' ~ t
        ~ '.is_level_one_resolvable'
    ) }} as level_one_contact_count,
    {{ count_when(
        t ~ '.is_contact_final and ' ~ t ~ '.is_resolved_at_first_contact and ' ~ t
        ~ '.is_level_one_resolvable'
    ) }} as level_one_first_contact_count,
    {{ count_when(
        'not ' ~ t ~ '.is_contact_final and ' ~ t ~ '.is_resolved_at_first_contact is not null'
    ) }} as contact_pending_count,
    {{ count_when(t ~ '.was_solved and ' ~ t ~ '.reopen_count is not null') }} as once_solved_count,
    {{ count_when(t ~ '.was_solved and ' ~ t ~ '.reopen_count > 0') }} as reopened_count
{%- endmacro %}

{#- What is counted of complaints as received in a window: the sums behind resolution in time,
    repetition and being upheld. -#}
{% macro complaint_sums(complaints) -%}
    {%- set c = complaints -%}
    count(*) as complaint_count,
    {{ count_when(
        c ~ '.is_resolution_due and (not ' ~ c ~ '.is_solved or ' ~ c
        ~ '.resolution_business_minutes is not null)'
    ) }} as due_count,
    {{ count_when(
        c ~ '.is_resolution_due and ' ~ c ~ '.resolution_business_minutes <= ' ~ c
        ~ '.resolution_target_minutes'
    ) }} as in_time_count,
    {{ count_when('not ' ~ c ~ '.is_resolution_due') }} as due_pending_count,
    {{ count_when(c ~ '.is_repeat_final') }} as repeat_case_count,
    {{ count_when(c ~ '.is_repeat_final and ' ~ c ~ '.is_repeated') }} as repeated_count,
    {{ count_when('not ' ~ c ~ '.is_repeat_final') }} as repeat_pending_count,
    count({{ c }}.is_upheld) as assessed_count,
    {{ count_when(c ~ '.is_upheld') }} as upheld_count
{%- endmacro %}

{#- The limit of a topic's day, from the summed distribution; for a baseline larger than those that
    are summed from the distribution's mean, variance and skewness (Cornish-Fisher), which differs by
    a ticket at most. Null below four weeks of baseline. -#}
{% macro topic_limit(limit, exact_up_to) -%}
    {%- set z = 3.090232306 if limit == 'alarm_from' else 1.959963985 -%}
    case
        when baselines.baseline_days < 4 then null
        when baselines.baseline_count <= {{ exact_up_to }} then limits.{{ limit }}
        else
            cast(
                ceil(
                    (baselines.baseline_count + 0.5)
                    / cast(baselines.baseline_days as double)
                    + sqrt(
                        (baselines.baseline_count + 0.5)
                        * (baselines.baseline_days + 1)
                    ) / baselines.baseline_days * {{ z }}
                    + {{ (z ** 2 - 1) / 6 }}
                    * (baselines.baseline_days + 2) / cast(baselines.baseline_days as double)
                    - 0.5
                ) as integer
            ){{ ' + 1' if limit == 'alarm_from' }}
    end
{%- endmacro %}

{#- The states of tickets that were opened or solved in the twelve months before a month of the run
    or, if asked, are not solved yet, with the tier that their customer had when they were opened.
    Expects the CTE `run_months`. -#}
{% macro ticket_states_by_tier(keep_unsolved=false) -%}
    select
        ticket_states.*,
        coalesce(ind_value.tier, 'none') as tier,
        {{ ticket_kind_group('ticket_states.kind') }} as kind_group
    from {{ ref('int_ticket_states') }} as ticket_states
    inner join run_months
        on
            ticket_states.from_month <= run_months.last_month
            and (
                ticket_states.to_month is null
                or ticket_states.to_month > run_months.first_month
            )
            and (
                {% if keep_unsolved -%} not ticket_states.is_solved or {% endif -%}
                ticket_states.created_month
                > {{ month_end_after('run_months.first_month', -12) }}
                or ticket_states.solved_month
                > {{ month_end_after('run_months.first_month', -12) }}
            )
    left join {{ ref('ind_value') }} as ind_value
        on
            ticket_states.customer_id = ind_value.customer_id
            and ticket_states.created_month = ind_value.as_of_date
{%- endmacro %}

{#- Place of a value tier, 1 for A to 4 for D. -#}
{% macro tier_place(tier) -%}
    case {{ tier }} when 'A' then 1 when 'B' then 2 when 'C' then 3 when 'D' then 4 end
{%- endmacro %}
