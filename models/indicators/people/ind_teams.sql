{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months), scope (all, team, agent) and its id,
    where tickets were measured and the scope had any. A ticket belongs to the team and agent that
    held it at that month end. Every figure is drawn to the whole desk's with `team_shrinkage`
    cases, so that three lucky tickets make nobody the best; standing says better or worse only
    where the interval leaves no doubt (handbook C20). -#}
{%- set weight = var('team_shrinkage') -%}
{%- set scopes = [('all', "'all'"), ('team', 'owned.team_id'), ('agent', 'owned.agent_id')] -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ service_windows([1, 12]) }}

),

states as (

    {{ ticket_states_by_tier() }}

),

owners as (

    select * from {{ ref('int_ticket_owners') }}

),

opened_tickets as (

    {{ tickets_opened_in('states', 'windows', ['ticket_id']) }}

),

owned_tickets as (

    select
        opened_tickets.*,
        owners.team_id,
        owners.agent_id
    from opened_tickets
    inner join owners
        on
            opened_tickets.ticket_id = owners.ticket_id
            and {{ holds_on('opened_tickets.as_of_date', 'owners.from_month', 'owners.to_month') }}

),

opened as (

    {% for scope, scope_id in scopes -%}
    select
        owned.as_of_date,
        owned.period_months,
        '{{ scope }}' as scope,
        {{ scope_id }} as scope_id,
        {{ opened_ticket_sums('owned') }}
    from owned_tickets as owned
    where {{ scope_id }} is not null
    group by owned.as_of_date, owned.period_months, {{ scope_id }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

resolved_tickets as (

    select
        windows.as_of_date,
        windows.period_months,
        states.tier,
        states.kind_group,
        coalesce(states.topic, 'none') as topic,
        owners.team_id,
        owners.agent_id,
        cast(states.resolution_minutes as decimal(38, 0)) as minutes
    from states
    inner join windows
        on
            states.solved_month = windows.month_end
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    inner join owners
        on
            states.ticket_id = owners.ticket_id
            and {{ holds_on('windows.as_of_date', 'owners.from_month', 'owners.to_month') }}
    where
        states.is_solved
        and windows.ticket_changes
        and states.resolution_minutes is not null

),

-- What such a ticket takes the whole desk: of the same tier, kind and topic.
cells as (

    select
        resolved_tickets.as_of_date,
        resolved_tickets.period_months,
        resolved_tickets.tier,
        resolved_tickets.kind_group,
        resolved_tickets.topic,
        {{ ratio('sum(resolved_tickets.minutes)', 'count(*)') }} as expected_minutes
    from resolved_tickets
    group by
        resolved_tickets.as_of_date,
        resolved_tickets.period_months,
        resolved_tickets.tier,
        resolved_tickets.kind_group,
        resolved_tickets.topic

),

resolved_cells as (

    {% for scope, scope_id in scopes -%}
    select
        owned.as_of_date,
        owned.period_months,
        '{{ scope }}' as scope,
        {{ scope_id }} as scope_id,
        owned.tier,
        owned.kind_group,
        owned.topic,
        count(*) as ticket_count,
        sum(owned.minutes) as minutes,
        sum(owned.minutes * owned.minutes) as squared_minutes
    from resolved_tickets as owned
    where {{ scope_id }} is not null
    group by
        owned.as_of_date, owned.period_months, {{ scope_id }}, owned.tier, owned.kind_group,
        owned.topic
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

resolved as (

    select
        resolved_cells.as_of_date,
        resolved_cells.period_months,
        resolved_cells.scope,
        resolved_cells.scope_id,
        sum(resolved_cells.ticket_count) as resolved_count,
        sum(resolved_cells.minutes) as minutes,
        sum(
            cast(resolved_cells.ticket_count * cells.expected_minutes as decimal(28, 6))
        ) as expected_minutes,
        sum(
            cast(
                cast(resolved_cells.squared_minutes as double)
                - 2 * cells.expected_minutes * cast(resolved_cells.minutes as double)
                + resolved_cells.ticket_count * cells.expected_minutes * cells.expected_minutes
                as decimal(38, 4)
            )
        ) as squared_residuals
    from resolved_cells
    inner join cells
        on
            resolved_cells.as_of_date = cells.as_of_date
            and resolved_cells.period_months = cells.period_months
            and resolved_cells.tier = cells.tier
            and resolved_cells.kind_group = cells.kind_group
            and resolved_cells.topic = cells.topic
    group by
        resolved_cells.as_of_date,
        resolved_cells.period_months,
        resolved_cells.scope,
        resolved_cells.scope_id

),

-- What customers said of their tickets. A later answer in the same wave replaces the earlier one.
answers as (

    select
        survey_answers.ticket_id,
        case when survey_answers.score_0_100 >= 75 then 1 else 0 end as is_top_two,
        survey_answers.month_end,
        {{ month_end('survey_answers.superseded_at') }} as superseded_month
    from {{ ref('int_survey_answers') }} as survey_answers
    where
        coalesce(survey_answers.exclusion_reason, 'duplicate_in_wave') = 'duplicate_in_wave'
        and survey_answers.ticket_id is not null
        and survey_answers.measure = 'csat'
        and {{ has_standard_scale('survey_answers') }}

),

judgements as (

    select
        answers.ticket_id,
        cast(null as varchar) as agent_id,
        answers.month_end,
        answers.superseded_month,
        answers.is_top_two,
        cast(null as decimal(9, 2)) as quality_score
    from answers
    union all
    select
        qa_reviews.ticket_id,
        qa_reviews.agent_id,
        {{ month_end('qa_reviews.reviewed_at') }} as month_end,
        cast(null as date) as superseded_month,
        null as is_top_two,
        qa_reviews.quality_score
    from {{ ref('stg_support__qa_reviews') }} as qa_reviews

),

-- A review is of the agent it names, in the team that held the ticket.
judged as (

    {% for scope, scope_id in scopes -%}
    select
        owned.as_of_date,
        owned.period_months,
        '{{ scope }}' as scope,
        {{ scope_id }} as scope_id,
        count(owned.is_top_two) as csat_count,
        sum(owned.is_top_two) as csat_top_two_count,
        count(owned.quality_score) as quality_review_count,
        sum(owned.quality_score) as quality_score,
        sum(cast(owned.quality_score * owned.quality_score as decimal(28, 4)))
            as squared_quality_score
    from (
        select
            windows.as_of_date,
            windows.period_months,
            owners.team_id,
            coalesce(judgements.agent_id, owners.agent_id) as agent_id,
            judgements.is_top_two,
            judgements.quality_score
        from judgements
        inner join windows
            on
                judgements.month_end = windows.month_end
                and (
                    judgements.superseded_month is null
                    or judgements.superseded_month > windows.as_of_date
                )
        inner join owners
            on
                judgements.ticket_id = owners.ticket_id
                and {{ holds_on('windows.as_of_date', 'owners.from_month', 'owners.to_month') }}
    ) as owned
    where {{ scope_id }} is not null
    group by owned.as_of_date, owned.period_months, {{ scope_id }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

busy_windows as (

    {{ fact_windows(['ticket_comments', 'agent_shifts'], [1, 12]) }}

),

shifts as (

    select
        agent_shifts.agent_id,
        {{ month_end('agent_shifts.shift_date') }} as month_end,
        agent_shifts.team_id,
        count(*) as shift_count,
        sum(agent_shifts.available_minutes) as available_minutes
    from {{ ref('stg_support__agent_shifts') }} as agent_shifts
    inner join run_months
        on
            {{ month_end('agent_shifts.shift_date') }}
            > {{ month_end_after('run_months.first_month', -12) }}
            and {{ month_end('agent_shifts.shift_date') }} <= run_months.last_month
    group by
        agent_shifts.agent_id,
        {{ month_end('agent_shifts.shift_date') }},
        agent_shifts.team_id

),

-- Work is noted with the agent and not with the team: a month belongs to the team that the agent
-- had most minutes for. Work outside any shift counts, too; else overtime would look like leisure.
shift_months as (

    select
        shifts.agent_id,
        shifts.month_end,
        shifts.team_id,
        sum(shifts.shift_count) over agent_months as shift_count,
        sum(shifts.available_minutes) over agent_months as available_minutes,
        row_number() over (
            partition by shifts.agent_id, shifts.month_end
            order by shifts.available_minutes desc, shifts.team_id asc
        ) as team_rank
    from shifts
    window agent_months as (partition by shifts.agent_id, shifts.month_end)

),

handled as (

    select
        ticket_comments.agent_id,
        {{ month_end('ticket_comments.commented_at') }} as month_end,
        count(*) as message_count,
        count(ticket_comments.handling_minutes) as noted_count,
        sum(ticket_comments.handling_minutes) as handling_minutes
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    inner join run_months
        on
            {{ month_end('ticket_comments.commented_at') }}
            > {{ month_end_after('run_months.first_month', -12) }}
            and {{ month_end('ticket_comments.commented_at') }} <= run_months.last_month
    where ticket_comments.author_kind = 'agent' and ticket_comments.agent_id is not null
    group by ticket_comments.agent_id, {{ month_end('ticket_comments.commented_at') }}

),

busy as (

    {% for scope, scope_id in scopes -%}
    select
        owned.as_of_date,
        owned.period_months,
        '{{ scope }}' as scope,
        {{ scope_id }} as scope_id,
        sum(owned.shift_count) as shift_count,
        sum(owned.available_minutes) as available_minutes,
        sum(owned.message_count) as message_count,
        sum(owned.noted_count) as noted_count,
        sum(owned.handling_minutes) as handling_minutes
    from (
        select
            busy_windows.as_of_date,
            busy_windows.period_months,
            shift_months.team_id,
            shift_months.agent_id,
            shift_months.shift_count,
            shift_months.available_minutes,
            coalesce(handled.message_count, 0) as message_count,
            coalesce(handled.noted_count, 0) as noted_count,
            coalesce(handled.handling_minutes, 0) as handling_minutes
        from shift_months
        inner join busy_windows on shift_months.month_end = busy_windows.month_end
        left join handled
            on
                shift_months.agent_id = handled.agent_id
                and shift_months.month_end = handled.month_end
        where
            shift_months.team_rank = 1
            and busy_windows.agent_shifts
            and busy_windows.ticket_comments
    ) as owned
    where {{ scope_id }} is not null
    group by owned.as_of_date, owned.period_months, {{ scope_id }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

measured as (

    select
        windows.as_of_date,
        windows.period_months,
        cast({{ count_when('windows.tickets') }} as integer) as measured_months
    from windows
    group by windows.as_of_date, windows.period_months

),

spine as (

    select distinct
        found.as_of_date,
        found.period_months,
        found.scope,
        found.scope_id
    from (
        {% for facts in ['opened', 'resolved', 'judged', 'busy'] -%}
        select
            {{ facts }}.as_of_date,
            {{ facts }}.period_months,
            {{ facts }}.scope,
            {{ facts }}.scope_id
        from {{ facts }}
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as found

),

-- The whole desk: what is usual, and how much single cases differ from it.
desk as (

    select
        spine.as_of_date,
        spine.period_months,
        -- Half a case more of each: a desk that never failed says nothing of how rates vary.
        {{ ratio('opened.first_contact_count + 0.5', 'opened.contact_count + 1') }}
            as first_contact_ratio,
        {{ ratio('judged.csat_top_two_count + 0.5', 'judged.csat_count + 1') }} as csat_ratio,
        {{ ratio('judged.quality_score', 'judged.quality_review_count') }} as quality_score,
        sqrt(
            greatest(
                {{ ratio('judged.squared_quality_score', 'judged.quality_review_count') }}
                - {{ ratio('judged.quality_score', 'judged.quality_review_count') }}
                * {{ ratio('judged.quality_score', 'judged.quality_review_count') }},
                0
            )
        ) as quality_spread,
        sqrt({{ ratio('greatest(resolved.squared_residuals, 0)', 'resolved.resolved_count') }})
        / nullif({{ ratio('resolved.minutes', 'resolved.resolved_count') }}, 0)
            as relative_minutes_spread
    from spine
    {%- for facts in ['opened', 'resolved', 'judged'] %}
    left join {{ facts }}
        on
            spine.as_of_date = {{ facts }}.as_of_date
            and spine.period_months = {{ facts }}.period_months
            and spine.scope = {{ facts }}.scope
            and spine.scope_id = {{ facts }}.scope_id
    {%- endfor %}
    where spine.scope = 'all'

),

drawn as (

    select
        spine.as_of_date,
        spine.period_months,
        spine.scope,
        spine.scope_id,
        measured.measured_months,
        cast(coalesce(opened.ticket_count, 0) as integer) as ticket_count,
        cast(coalesce(resolved.resolved_count, 0) as integer) as resolved_count,
        cast(coalesce(resolved.minutes, 0) as decimal(28, 6)) as resolution_minutes,
        cast(coalesce(resolved.expected_minutes, 0) as decimal(28, 6))
            as expected_resolution_minutes,
        cast(coalesce(opened.first_contact_count, 0) as integer) as first_contact_count,
        cast(coalesce(judged.csat_top_two_count, 0) as integer) as csat_top_two_count,
        {{ ratio('resolved.minutes', 'resolved.resolved_count') }} as resolution_minutes_mean,
        {{ ratio('resolved.expected_minutes', 'resolved.resolved_count') }}
            as expected_resolution_minutes_mean,
        {{ shrunk_mean(
            ratio('resolved.minutes', 'resolved.expected_minutes') ~ ' * resolved.resolved_count',
            'resolved.resolved_count', '1', weight
        ) }} as resolution_time_ratio,
        {%- for bound, sign in [('low', '-'), ('high', '+')] %}
        {{ shrunk_mean_bound(
            ratio('resolved.minutes', 'resolved.expected_minutes') ~ ' * resolved.resolved_count',
            'resolved.resolved_count', '1', weight, 'desk.relative_minutes_spread', sign
        ) }} as resolution_time_{{ bound }},
        {%- endfor %}
        cast(coalesce(opened.contact_count, 0) as integer) as first_contact_cases,
        cast(coalesce(opened.contact_pending_count, 0) as integer) as first_contact_pending_count,
        {{ shrunk_rate(
            'opened.first_contact_count', 'opened.contact_count', 'desk.first_contact_ratio',
            weight
        ) }} as first_contact_ratio,
        {%- for bound, sign in [('low', '-'), ('high', '+')] %}
        {{ shrunk_rate_bound(
            'opened.first_contact_count', 'opened.contact_count', 'desk.first_contact_ratio',
            weight, sign
        ) }} as first_contact_{{ bound }},
        {%- endfor %}
        cast(coalesce(judged.csat_count, 0) as integer) as csat_cases,
        {{ shrunk_rate(
            'judged.csat_top_two_count', 'judged.csat_count', 'desk.csat_ratio', weight
        ) }} as csat_ratio,
        {%- for bound, sign in [('low', '-'), ('high', '+')] %}
        {{ shrunk_rate_bound(
            'judged.csat_top_two_count', 'judged.csat_count', 'desk.csat_ratio', weight, sign
        ) }} as csat_{{ bound }},
        {%- endfor %}
        cast(coalesce(judged.quality_review_count, 0) as integer) as quality_review_count,
        {{ shrunk_mean(
            'judged.quality_score', 'judged.quality_review_count', 'desk.quality_score', weight
        ) }} as quality_score,
        {%- for bound, sign in [('low', '-'), ('high', '+')] %}
        {{ shrunk_mean_bound(
            'judged.quality_score', 'judged.quality_review_count', 'desk.quality_score', weight,
            'desk.quality_spread', sign
        ) }} as quality_{{ bound }},
        {%- endfor %}
        cast(busy.shift_count as integer) as shift_count,
        cast(busy.available_minutes as decimal(18, 2)) as available_minutes,
        -- Minutes that nobody noted are not known to be none.
        case
            when busy.message_count = 0 or busy.noted_count > 0
                then cast(busy.handling_minutes as decimal(18, 2))
        end as handling_minutes,
        {{ ratio('busy.noted_count', 'busy.message_count') }} as noted_ratio,
        case
            when busy.message_count = 0 or busy.noted_count > 0
                then {{ ratio('busy.handling_minutes', 'busy.available_minutes') }}
        end as occupancy_ratio,
        desk.first_contact_ratio as desk_first_contact_ratio,
        desk.csat_ratio as desk_csat_ratio,
        desk.quality_score as desk_quality_score
    from spine
    inner join measured
        on
            spine.as_of_date = measured.as_of_date
            and spine.period_months = measured.period_months
    inner join desk
        on
            spine.as_of_date = desk.as_of_date
            and spine.period_months = desk.period_months
    {%- for facts in ['opened', 'resolved', 'judged', 'busy'] %}
    left join {{ facts }}
        on
            spine.as_of_date = {{ facts }}.as_of_date
            and spine.period_months = {{ facts }}.period_months
            and spine.scope = {{ facts }}.scope
            and spine.scope_id = {{ facts }}.scope_id
    {%- endfor %}

)

select
    drawn.*,
    {{ standing('drawn.resolution_time_low', 'drawn.resolution_time_high', '1', false) }}
        as resolution_time_standing,
    {{ standing(
        'drawn.first_contact_low', 'drawn.first_contact_high', 'drawn.desk_first_contact_ratio'
    ) }} as first_contact_standing,
    {{ standing('drawn.csat_low', 'drawn.csat_high', 'drawn.desk_csat_ratio') }}
        as csat_standing,
    {{ standing('drawn.quality_low', 'drawn.quality_high', 'drawn.desk_quality_score') }}
        as quality_standing,
    drawn.resolved_count < {{ var('min_n') }} as is_resolution_time_low_n,
    drawn.first_contact_cases < {{ var('min_n') }} as is_first_contact_low_n,
    drawn.csat_cases < {{ var('min_n') }} as is_csat_low_n,
    drawn.quality_review_count < {{ var('min_n') }} as is_quality_low_n,
    drawn.occupancy_ratio > 1 as is_over_occupied,
    drawn.shift_count < {{ var('min_n') }} as is_occupancy_low_n
from drawn
