{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, training, month of its completion and measure, from that month on.
    What changed for the agents who completed it then, less what changed for those who worked in the
    same months and had not completed it by their end (difference in differences, handbook C20). An
    agent is one observation: the agent's cases of the `training_months` whole months after that
    month less those before, each month as it stood at its end. So a comparison, once made, stays.
    The month itself counts nowhere, and nothing is said before the months after it are over. -#}
{%- set months = var('training_months') -%}
{%- set measures = {
    'first_contact_ratio': ('first_contact_count', 'first_contact_cases', true),
    'csat_ratio': ('csat_top_two_count', 'csat_cases', true),
    'resolution_time_ratio': ('resolution_minutes', 'expected_resolution_minutes', false),
} -%}
{#- What must have been measured in each of these months. -#}
{%- set facts = {
    'first_contact_ratio': ['tickets', 'ticket_comments'],
    'csat_ratio': ['tickets', 'survey_answers'],
    'resolution_time_ratio': ['tickets', 'ticket_changes'],
} -%}
{%- set sides = ['trained', 'peer'] -%}
with run_months as (

    {{ run_months() }}

),

trainings as (

    select
        agent_trainings.training_id,
        agent_trainings.agent_id,
        agent_trainings.title,
        {{ month_end('agent_trainings.completed_on') }} as cohort_month
    from {{ ref('stg_organisation__agent_trainings') }} as agent_trainings
    inner join run_months on agent_trainings.completed_on <= run_months.last_month

),

cohorts as (

    select
        trainings.training_id,
        trainings.cohort_month,
        {{ month_end_after('trainings.cohort_month', -months) }} as first_month,
        {{ month_end_after('trainings.cohort_month', months) }} as due_month,
        max(trainings.title) as title,
        count(*) as completed_count
    from trainings
    group by trainings.training_id, trainings.cohort_month

),

measured as (

    select
        cohorts.training_id,
        cohorts.cohort_month,
        {%- for fact in ['tickets', 'ticket_comments', 'ticket_changes', 'survey_answers'] %}
        {{ count_when(
            "measured_facts.fact = '" ~ fact ~ "' and measured_facts.is_measured"
        ) }} as {{ fact }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cohorts
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            cohorts.first_month <= measured_facts.as_of_date
            and cohorts.due_month >= measured_facts.as_of_date
            and cohorts.cohort_month <> measured_facts.as_of_date
    group by cohorts.training_id, cohorts.cohort_month

),

agent_months as (

    select
        teams.as_of_date as month_end,
        teams.scope_id as agent_id,
        {%- for part, cases, is_higher_better in measures.values() %}
        teams.{{ part }},
        teams.{{ cases }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('ind_teams') }} as teams
    where teams.scope = 'agent' and teams.period_months = 1

),

agents as (

    select
        cohorts.training_id,
        cohorts.cohort_month,
        cohorts.due_month,
        agent_months.agent_id,
        {%- for part, cases, is_higher_better in measures.values() %}
        {%- for name in [part, cases] %}
        {%- for when, sign in [('before', '<'), ('after', '>')] %}
        sum(
            case
                when agent_months.month_end {{ sign }} cohorts.cohort_month
                    then agent_months.{{ name }}
            end
        ) as {{ name }}_{{ when }},
        {%- endfor %}
        {%- endfor %}
        {%- endfor %}
        count(*) as month_count
    from cohorts
    inner join agent_months
        on
            cohorts.first_month <= agent_months.month_end
            and cohorts.due_month >= agent_months.month_end
            and cohorts.cohort_month <> agent_months.month_end
    group by
        cohorts.training_id, cohorts.cohort_month, cohorts.due_month, agent_months.agent_id

),

-- Who had completed it in another month until then is on neither side.
sided as (

    select
        agents.*,
        case when trainings.cohort_month = agents.cohort_month then 'trained' else 'peer' end as side
    from agents
    left join trainings
        on
            agents.training_id = trainings.training_id
            and agents.agent_id = trainings.agent_id
    where
        trainings.cohort_month is null
        or trainings.cohort_month = agents.cohort_month
        or trainings.cohort_month > agents.due_month

),

observations as (

    {% for measure, (part, cases, is_higher_better) in measures.items() -%}
    select
        sided.training_id,
        sided.cohort_month,
        sided.side,
        '{{ measure }}' as measure,
        {%- for when in ['before', 'after'] %}
        cast(
            round(
                {{ ratio('sided.' ~ part ~ '_' ~ when, 'sided.' ~ cases ~ '_' ~ when) }}, 9
            ) as decimal(18, 9)
        ) as {{ when }}_value{{ ',' if not loop.last }}
        {%- endfor %}
    from sided
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

changes as (

    select
        observations.training_id,
        observations.cohort_month,
        observations.side,
        observations.measure,
        case when observations.after_value is not null then observations.before_value end
            as before_value,
        case when observations.before_value is not null then observations.after_value end
            as after_value,
        observations.after_value - observations.before_value as change
    from observations

),

summed as (

    select
        changes.training_id,
        changes.cohort_month,
        changes.side,
        changes.measure,
        count(*) as seen_count,
        count(changes.change) as agent_count,
        {{ ratio('sum(changes.before_value)', 'count(changes.change)') }} as before_mean,
        {{ ratio('sum(changes.after_value)', 'count(changes.change)') }} as after_mean,
        {{ ratio('sum(changes.change)', 'count(changes.change)') }} as change_mean,
        -- Squared standard error of the mean, from the sample's own spread.
        case
            when min(changes.change) = max(changes.change) then 0
            else {{ ratio(
                'greatest(cast(sum(changes.change * changes.change) as double)'
                ~ ' - cast(sum(changes.change) as double) * '
                ~ ratio('sum(changes.change)', 'count(changes.change)') ~ ', 0)',
                'count(changes.change) * (count(changes.change) - 1)'
            ) }}
        end as squared_error
    from changes
    group by changes.training_id, changes.cohort_month, changes.side, changes.measure

),

paired as (

    select
        summed.training_id,
        summed.cohort_month,
        summed.measure,
        {%- for side in sides %}
        {%- for name in [
            'seen_count', 'agent_count', 'before_mean', 'after_mean', 'change_mean', 'squared_error'
        ] %}
        max(case when summed.side = '{{ side }}' then summed.{{ name }} end)
            as {{ side }}_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from summed
    group by summed.training_id, summed.cohort_month, summed.measure

),

cohort_measures as (

    {% for measure, needed in facts.items() -%}
    select
        cohorts.*,
        '{{ measure }}' as measure,
        coalesce(
            least({% for fact in needed %}measured.{{ fact }}{{ ', ' if not loop.last }}{% endfor %}),
            0
        ) = 2 * {{ months }} as is_measured
    from cohorts
    left join measured
        on
            cohorts.training_id = measured.training_id
            and cohorts.cohort_month = measured.cohort_month
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

judged as (

    select
        month_ends.as_of_date,
        cohort_measures.training_id,
        cohort_measures.cohort_month,
        cohort_measures.measure,
        cohort_measures.title,
        cohort_measures.completed_count,
        coalesce(paired.trained_agent_count, 0) as trained_count,
        coalesce(paired.peer_agent_count, 0) as peer_count,
        coalesce(paired.peer_seen_count, 0) as peer_seen_count,
        case
            when cohort_measures.due_month > month_ends.as_of_date then 'too early'
            when not cohort_measures.is_measured then 'not measured'
            when
                least(coalesce(paired.trained_agent_count, 0), coalesce(paired.peer_agent_count, 0))
                < {{ var('training_min_agents') }}
                then 'too few'
            else 'compared'
        end as status,
        {%- for side in sides %}
        paired.{{ side }}_before_mean,
        paired.{{ side }}_after_mean,
        {%- endfor %}
        paired.trained_change_mean - paired.peer_change_mean as effect,
        sqrt(paired.trained_squared_error + paired.peer_squared_error) as standard_error,
        -- Welch and Satterthwaite; without any spread there is no interval.
        {{ ratio(
            'power(paired.trained_squared_error + paired.peer_squared_error, 2)',
            'power(paired.trained_squared_error, 2) / nullif(paired.trained_agent_count - 1, 0) '
            ~ '+ power(paired.peer_squared_error, 2) / nullif(paired.peer_agent_count - 1, 0)'
        ) }} as degrees
    from {{ ref('int_months') }} as month_ends
    inner join run_months
        on
            month_ends.as_of_date >= run_months.first_month
            and month_ends.as_of_date <= run_months.last_month
    inner join cohort_measures on month_ends.as_of_date >= cohort_measures.cohort_month
    left join paired
        on
            cohort_measures.training_id = paired.training_id
            and cohort_measures.cohort_month = paired.cohort_month
            and cohort_measures.measure = paired.measure

),

bounded as (

    select
        judged.*,
        judged.status in ('compared', 'too few') as is_counted,
        case when judged.status = 'compared' then round(judged.effect, 9) end as training_effect,
        {%- for bound, sign in [('low', '-'), ('high', '+')] %}
        case
            when judged.status = 'compared'
                then round(
                    judged.effect
                    {{ sign }} {{ student_95('judged.degrees') }} * judged.standard_error, 9
                )
        end as training_effect_{{ bound }}{{ ',' if not loop.last }}
        {%- endfor %}
    from judged

)

select
    bounded.as_of_date,
    bounded.training_id,
    bounded.cohort_month,
    bounded.measure,
    bounded.title,
    bounded.status,
    'descriptive' as evidence,
    cast(bounded.completed_count as integer) as completed_count,
    case when bounded.is_counted then cast(bounded.trained_count as integer) end as trained_count,
    case when bounded.is_counted then cast(bounded.peer_count as integer) end as peer_count,
    case
        when bounded.is_counted
            then cast(bounded.completed_count - bounded.trained_count as integer)
    end as trained_left_out_count,
    case
        when bounded.is_counted then cast(bounded.peer_seen_count - bounded.peer_count as integer)
    end as peer_left_out_count,
    case
        when bounded.is_counted
            then
                least(bounded.trained_count, bounded.peer_count) < {{ var('training_min_agents') }}
    end as is_low_n,
    {%- for side in sides %}
    {%- for when in ['before', 'after'] %}
    case when bounded.status = 'compared' then round(bounded.{{ side }}_{{ when }}_mean, 9) end
        as {{ side }}_{{ when }}_ratio,
    {%- endfor %}
    {%- endfor %}
    bounded.training_effect,
    bounded.training_effect_low,
    bounded.training_effect_high,
    case
        {%- for measure, (part, cases, is_higher_better) in measures.items() %}
        when bounded.measure = '{{ measure }}'
            then {{ standing(
                'bounded.training_effect_low', 'bounded.training_effect_high', '0',
                is_higher_better
            ) }}
        {%- endfor %}
    end as verdict
from bounded
