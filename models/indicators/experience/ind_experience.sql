{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. How often the standards of the moments that matter
    were kept for the customer (handbook C17), and what it cost the customer to get help: contacts
    and changes of channel for each solved issue. Six whole months as known at the month end. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ month_windows([6]) }}

),

facts as (

    select distinct standards.measured_fact
    from {{ ref('int_anchor_standards') }} as standards

),

measured as (

    select
        windows.as_of_date,
        {{ count_when('measured_facts.is_measured and facts.measured_fact is not null') }}
            as anchor_months,
        {{ count_when("measured_facts.is_measured and measured_facts.fact = 'tickets'") }}
            as ticket_months,
        {{ count_when("measured_facts.is_measured and measured_facts.fact = 'ticket_changes'") }}
            as ticket_change_months,
        {{ count_when("measured_facts.is_measured and measured_facts.fact = 'ticket_comments'") }}
            as ticket_comment_months
    from windows
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on windows.month_end = measured_facts.as_of_date
    left join facts on measured_facts.fact = facts.measured_fact
    group by windows.as_of_date

),

spine as (

    select
        ind_value.customer_id,
        ind_value.as_of_date
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month

),

counted as (

    select
        occurrences.customer_id,
        windows.as_of_date,
        {{ count_when(
            'occurrences.decided_month <= windows.as_of_date and occurrences.is_met is not null'
        ) }} as case_count,
        {{ count_when(
            'occurrences.decided_month <= windows.as_of_date and not occurrences.is_met'
        ) }} as miss_count,
        {{ count_when(
            'occurrences.counted_from <= windows.as_of_date and (occurrences.decided_month is null '
            ~ 'or occurrences.decided_month > windows.as_of_date)'
        ) }} as pending_count,
        sum(
            case
                when
                    occurrences.decided_month <= windows.as_of_date
                    and occurrences.is_met is not null
                    then occurrences.weight
            end
        ) as weight,
        sum(
            case
                when occurrences.decided_month <= windows.as_of_date
                    then case when occurrences.is_met then occurrences.weight else 0 end
            end
        ) as met_weight
    from {{ ref('int_anchor_occurrences') }} as occurrences
    inner join windows on occurrences.month_end = windows.month_end
    where
        occurrences.metric <> 'all'
        and occurrences.customer_id is not null
        and (
            occurrences.excluded_month is null
            or occurrences.excluded_month > windows.as_of_date
        )
    group by occurrences.customer_id, windows.as_of_date

),

installations as (

    select
        occurrences.customer_id,
        max(occurrences.decided_month) as decided_month,
        min(cast(occurrences.is_met as integer)) as met
    from {{ ref('int_anchor_occurrences') }} as occurrences
    where
        occurrences.anchor_id = 'first_installation'
        and occurrences.metric = 'all'
        and occurrences.is_met is not null
    group by occurrences.customer_id

),

effort as (

    select
        contacts.customer_id,
        windows.as_of_date,
        sum(contacts.contact_count) as contact_count,
        sum(contacts.switch_count) as switch_count
    from {{ ref('int_service_contacts') }} as contacts
    inner join windows on contacts.month_end = windows.month_end
    group by contacts.customer_id, windows.as_of_date

),

solved as (

    select
        ticket_states.customer_id,
        windows.as_of_date,
        count(*) as ticket_count
    from {{ ref('int_ticket_states') }} as ticket_states
    inner join windows
        on
            ticket_states.solved_month = windows.month_end
            and {{ holds_on(
                'windows.as_of_date', 'ticket_states.from_month', 'ticket_states.to_month'
            ) }}
    where ticket_states.is_solved and ticket_states.customer_id is not null
    group by ticket_states.customer_id, windows.as_of_date

),

-- The newest answer on perceived value of the last 24 months.
value_windows as (

    {{ month_windows([var('answer_months')]) }}

),

value_answers as (

    select
        value_answers.customer_id,
        value_windows.as_of_date,
        value_answers.value_index,
        count(*) over (
            partition by value_answers.customer_id, value_windows.as_of_date
        ) as answer_count,
        row_number() over (
            partition by value_answers.customer_id, value_windows.as_of_date
            order by value_answers.responded_at desc, value_answers.invitation_id desc
        ) as newest_rank
    from {{ ref('int_value_answers') }} as value_answers
    inner join value_windows on value_answers.month_end = value_windows.month_end
    where
        value_answers.customer_id is not null
        and value_answers.value_index is not null
        and (
            value_answers.superseded_month is null
            or value_answers.superseded_month > value_windows.as_of_date
        )

),

survey_months as (

    select
        value_windows.as_of_date,
        {{ count_when('measured_facts.is_measured') }} as measured_months
    from value_windows
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on value_windows.month_end = measured_facts.as_of_date
    where measured_facts.fact = 'survey_answers'
    group by value_windows.as_of_date

),

usage_began as (

    select min(measured_facts.as_of_date) as first_month
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'usage' and measured_facts.is_measured

)

select
    spine.customer_id,
    spine.as_of_date,
    100 * {{ ratio('counted.met_weight', 'counted.weight') }} as anchor_score_6m,
    {{ measured_count('measured.anchor_months > 0', 'counted.case_count') }} as anchor_cases_6m,
    {{ measured_count('measured.anchor_months > 0', 'counted.miss_count') }} as anchor_misses_6m,
    {{ measured_count('measured.anchor_months > 0', 'counted.pending_count') }}
        as anchor_pending_6m,
    case when installations.decided_month <= spine.as_of_date then installations.met = 1 end
        as is_first_installation_met,
    {{ measured_count(
        'usage_began.first_month <= spine.as_of_date',
        'case when installations.decided_month <= spine.as_of_date then 1 end'
    ) }} as first_installation_cases,
    {{ measured_count(
        'measured.ticket_months > 0 and measured.ticket_comment_months > 0', 'effort.contact_count'
    ) }} as service_contacts_6m,
    {{ measured_count('measured.ticket_change_months > 0', 'solved.ticket_count') }}
        as solved_issues_6m,
    case
        when measured.ticket_months > 0 and measured.ticket_comment_months > 0
            then {{ ratio('coalesce(effort.contact_count, 0)', 'solved.ticket_count') }}
    end as contacts_per_solved_issue_6m,
    case
        when measured.ticket_months > 0
            then {{ ratio('coalesce(effort.switch_count, 0)', 'solved.ticket_count') }}
    end as channel_switches_per_solved_issue_6m,
    cast(value_answers.value_index as double) as perceived_value_index,
    {{ measured_count('survey_months.measured_months > 0', 'value_answers.answer_count') }}
        as perceived_value_answers_24m
from spine
inner join measured on spine.as_of_date = measured.as_of_date
inner join survey_months on spine.as_of_date = survey_months.as_of_date
cross join usage_began
left join value_answers
    on
        spine.customer_id = value_answers.customer_id
        and spine.as_of_date = value_answers.as_of_date
        and value_answers.newest_rank = 1
left join counted
    on spine.customer_id = counted.customer_id and spine.as_of_date = counted.as_of_date
left join installations on spine.customer_id = installations.customer_id
left join effort
    on spine.customer_id = effort.customer_id and spine.as_of_date = effort.as_of_date
left join solved
    on spine.customer_id = solved.customer_id and spine.as_of_date = solved.as_of_date
