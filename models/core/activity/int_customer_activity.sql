{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end, dense from the month in which the customer was first
    seen. What the customer and the company did with each other, billing apart. Every fact is
    brought to customer and month before it is joined. A count is empty where its fact was not
    measured in that month, and 0 where it was measured and nothing happened. Judged as known at
    that month's end, whatever became of it later. -#}
{%- set counts = {
    'interactions': (
        'interactions',
        ['interactions', 'interactions_two_way', 'interactions_inbound', 'mass_mails'],
    ),
    'relationship_events': (
        'relationship_events',
        [
            'relationship_events', 'referrals', 'referrals_won', 'joint_developments',
            'customer_references', 'community_contributions', 'joint_plans',
        ],
    ),
    'opportunities': (
        'opportunities', ['opportunities_opened', 'opportunities_won', 'opportunities_lost'],
    ),
    'tickets': ('opened_tickets', ['tickets_opened']),
    'ticket_changes': ('ticket_changes', ['tickets_solved', 'tickets_reopened']),
    'complaints': ('complaints', ['complaints_received']),
    'survey_invitations': ('invitations', ['survey_invitations']),
    'survey_answers': ('answers', ['surveys_answered', 'survey_answers']),
    'usage': (
        'usage',
        [
            'active_days', 'logins', 'feature_events', 'help_centre_visits', 'community_posts',
            'trainings',
        ],
    ),
    'marketing_touches': ('touches', ['marketing_touches']),
    'marketing_responses': (
        'touch_responses',
        ['marketing_clicks', 'marketing_conversions', 'marketing_unsubscribes'],
    ),
    'action_outcomes': ('action_outcomes', ['actions_taken']),
} -%}
with run_months as (

    {{ run_months() }}

),

measured as (

    select
        measured_facts.as_of_date,
        {%- for fact in counts.keys() | list + ['ticket_comments'] %}
        max(case when measured_facts.fact = '{{ fact }}' and measured_facts.is_measured then 1 end)
        is not null as {{ fact }},
        {%- endfor %}
        cast(
            count(
                distinct case
                    when measured_facts.is_system_measured and measured_facts.source_system <> 'crm'
                        then measured_facts.source_system
                end
            ) as integer
        ) as measured_systems,
        count(
            distinct case
                when measured_facts.source_system <> 'crm' then measured_facts.source_system
            end
        ) as optional_systems
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    group by measured_facts.as_of_date

),

spine as (

    select
        customers.customer_id,
        months.as_of_date
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('int_months') }} as months
        on customers.first_seen_month <= months.as_of_date
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

crm_links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm' and identity_links.customer_id is not null

),

-- What counts as an interaction (handbook C5): both sides spoke, or the customer began; one message
-- to many is none.
interactions as (

    select
        crm_links.customer_id,
        {{ month_end('interactions.occurred_at') }} as as_of_date,
        sum(
            case
                when interactions.interaction_kind = 'mass_mail' then 0
                when interactions.is_two_way or interactions.direction = 'inbound' then 1
                else 0
            end
        ) as interactions,
        sum(
            case
                when interactions.is_two_way and interactions.interaction_kind <> 'mass_mail' then 1
                else 0
            end
        ) as interactions_two_way,
        sum(
            case
                when
                    interactions.direction = 'inbound'
                    and interactions.interaction_kind <> 'mass_mail'
                    then 1
                else 0
            end
        ) as interactions_inbound,
        sum(case when interactions.interaction_kind = 'mass_mail' then 1 else 0 end) as mass_mails,
        sum(interactions.duration_minutes) as interaction_minutes
    from {{ ref('stg_crm__interactions') }} as interactions
    inner join run_months on {{ in_run_months('interactions.occurred_at') }}
    inner join crm_links on interactions.crm_customer_id = crm_links.crm_customer_id
    group by crm_links.customer_id, {{ month_end('interactions.occurred_at') }}

),

relationship_events as (

    select
        crm_links.customer_id,
        {{ month_end('relationship_events.occurred_at') }} as as_of_date,
        count(*) as relationship_events,
        sum(
            case
                when relationship_events.event_kind = 'referral' and relationship_events.is_won
                    then 1
                else 0
            end
        ) as referrals_won,
        {%- for kind, column in [
            ('referral', 'referrals'),
            ('joint_development', 'joint_developments'),
            ('reference', 'customer_references'),
            ('community', 'community_contributions'),
            ('joint_plan', 'joint_plans'),
        ] %}
        sum(case when relationship_events.event_kind = '{{ kind }}' then 1 else 0 end)
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_crm__relationship_events') }} as relationship_events
    inner join run_months on {{ in_run_months('relationship_events.occurred_at') }}
    inner join crm_links on relationship_events.crm_customer_id = crm_links.crm_customer_id
    group by crm_links.customer_id, {{ month_end('relationship_events.occurred_at') }}

),

opportunities as (

    select
        opportunity_steps.customer_id,
        opportunity_steps.month_end as as_of_date,
        sum(case when opportunity_steps.step = 'opened' then 1 else 0 end) as opportunities_opened,
        sum(case when opportunity_steps.step = 'won' then 1 else 0 end) as opportunities_won,
        sum(case when opportunity_steps.step = 'lost' then 1 else 0 end) as opportunities_lost
    from {{ ref('int_opportunity_steps') }} as opportunity_steps
    inner join run_months
        on
            opportunity_steps.month_end >= run_months.first_month
            and opportunity_steps.month_end <= run_months.last_month
    where opportunity_steps.customer_id is not null
    group by opportunity_steps.customer_id, opportunity_steps.month_end

),

tickets as (

    select
        tickets.ticket_id,
        tickets.customer_id,
        {{ month_end('tickets.known_at') }} as known_month,
        {{ month_end('tickets.excluded_at') }} as excluded_month
    from {{ ref('int_tickets') }} as tickets
    where tickets.customer_id is not null

),

opened_tickets as (

    select
        tickets.customer_id,
        tickets.known_month as as_of_date,
        count(*) as tickets_opened
    from tickets
    inner join run_months
        on
            tickets.known_month >= run_months.first_month
            and tickets.known_month <= run_months.last_month
    where tickets.excluded_month is null or tickets.excluded_month > tickets.known_month
    group by tickets.customer_id, tickets.known_month

),

-- Solved and still so at the end of the month; a spell that followed a solution is a reopening.
ticket_changes as (

    select
        tickets.customer_id,
        ticket_spells.month_end as as_of_date,
        sum(
            case
                when
                    ticket_spells.state = 'solved'
                    and (
                        not ticket_spells.is_reopened
                        or {{ month_end('ticket_spells.ended_at') }} > ticket_spells.month_end
                    )
                    then 1
                else 0
            end
        ) as tickets_solved,
        sum(
            case
                when ticket_spells.state = 'open' and ticket_spells.spell_number > 1 then 1
                else 0
            end
        ) as tickets_reopened
    from {{ ref('int_ticket_spells') }} as ticket_spells
    inner join run_months
        on
            ticket_spells.month_end >= run_months.first_month
            and ticket_spells.month_end <= run_months.last_month
    inner join tickets on ticket_spells.ticket_id = tickets.ticket_id
    where tickets.excluded_month is null or tickets.excluded_month > ticket_spells.month_end
    group by tickets.customer_id, ticket_spells.month_end

),

complaints as (

    select
        complaints.customer_id,
        complaints.month_end as as_of_date,
        count(*) as complaints_received
    from {{ ref('int_complaints') }} as complaints
    inner join run_months
        on
            complaints.month_end >= run_months.first_month
            and complaints.month_end <= run_months.last_month
    where
        complaints.customer_id is not null
        and (
            complaints.excluded_at is null
            or {{ month_end('complaints.excluded_at') }} > complaints.month_end
        )
    group by complaints.customer_id, complaints.month_end

),

ticket_comments as (

    select
        tickets.customer_id,
        {{ month_end('ticket_comments.commented_at') }} as as_of_date,
        sum(ticket_comments.handling_minutes) as handling_minutes
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    inner join run_months on {{ in_run_months('ticket_comments.commented_at') }}
    inner join tickets on ticket_comments.ticket_id = tickets.ticket_id
    where
        tickets.excluded_month is null
        or tickets.excluded_month > {{ month_end('ticket_comments.commented_at') }}
    group by tickets.customer_id, {{ month_end('ticket_comments.commented_at') }}

),

invitations as (

    select
        survey_invitations.customer_id,
        survey_invitations.month_end as as_of_date,
        count(*) as survey_invitations
    from {{ ref('int_survey_invitations') }} as survey_invitations
    inner join run_months
        on
            survey_invitations.month_end >= run_months.first_month
            and survey_invitations.month_end <= run_months.last_month
    where survey_invitations.customer_id is not null and survey_invitations.is_delivered
    group by survey_invitations.customer_id, survey_invitations.month_end

),

-- An answer counts in its month unless a later one of the same month took its place.
answers as (

    select
        survey_answers.customer_id,
        survey_answers.month_end as as_of_date,
        count(distinct survey_answers.invitation_id) as surveys_answered,
        count(*) as survey_answers
    from {{ ref('int_survey_answers') }} as survey_answers
    inner join run_months
        on
            survey_answers.month_end >= run_months.first_month
            and survey_answers.month_end <= run_months.last_month
    where
        survey_answers.customer_id is not null
        and (
            survey_answers.is_latest_in_wave
            or {{ month_end('survey_answers.superseded_at') }} > survey_answers.month_end
        )
    group by survey_answers.customer_id, survey_answers.month_end

),

usage as (

    select
        usage_months.*,
        usage_months.month_end as as_of_date
    from {{ ref('int_usage_months') }} as usage_months
    inner join run_months
        on
            usage_months.month_end >= run_months.first_month
            and usage_months.month_end <= run_months.last_month
    where usage_months.customer_id is not null

),

touches as (

    select
        crm_links.customer_id,
        {{ month_end('touches.touched_at') }} as as_of_date,
        count(*) as marketing_touches
    from {{ ref('stg_marketing__touches') }} as touches
    inner join run_months on {{ in_run_months('touches.touched_at') }}
    inner join crm_links on touches.crm_customer_id = crm_links.crm_customer_id
    where touches.is_delivered
    group by crm_links.customer_id, {{ month_end('touches.touched_at') }}

),

touch_responses as (

    select
        crm_links.customer_id,
        {{ month_end('touch_responses.responded_at') }} as as_of_date,
        {%- for kind, column in [
            ('click', 'marketing_clicks'),
            ('conversion', 'marketing_conversions'),
            ('unsubscribe', 'marketing_unsubscribes'),
        ] %}
        sum(case when touch_responses.response_kind = '{{ kind }}' then 1 else 0 end)
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_marketing__touch_responses') }} as touch_responses
    inner join run_months on {{ in_run_months('touch_responses.responded_at') }}
    inner join {{ ref('stg_marketing__touches') }} as touches
        on touch_responses.touch_id = touches.touch_id
    inner join crm_links on touches.crm_customer_id = crm_links.crm_customer_id
    where touch_responses.response_kind in ('click', 'conversion', 'unsubscribe')
    group by crm_links.customer_id, {{ month_end('touch_responses.responded_at') }}

),

action_outcomes as (

    select
        crm_links.customer_id,
        {{ month_end('action_outcomes.happened_at') }} as as_of_date,
        count(*) as actions_taken
    from {{ ref('stg_organisation__action_outcomes') }} as action_outcomes
    inner join run_months on {{ in_run_months('action_outcomes.happened_at') }}
    inner join crm_links on action_outcomes.crm_customer_id = crm_links.crm_customer_id
    group by crm_links.customer_id, {{ month_end('action_outcomes.happened_at') }}

)

select
    spine.customer_id,
    spine.as_of_date,
    {%- for fact, (facts, columns) in counts.items() %}
    {%- for column in columns %}
    {{ measured_count('measured.' ~ fact, facts ~ '.' ~ column) }} as {{ column }},
    {%- endfor %}
    {%- endfor %}
    -- Minutes that nobody noted are not known to be none.
    case
        when measured.interactions and interactions.customer_id is null then 0
        when measured.interactions then cast(interactions.interaction_minutes as integer)
    end as interaction_minutes,
    case
        when measured.ticket_comments and ticket_comments.customer_id is null
            then cast(0 as decimal(18, 2))
        when measured.ticket_comments
            then cast(ticket_comments.handling_minutes as decimal(18, 2))
    end as handling_minutes,
    measured.measured_systems,
    {{ ratio('measured.measured_systems', 'measured.optional_systems') }} as source_coverage
from spine
inner join measured on spine.as_of_date = measured.as_of_date
{%- for facts in [
    'interactions', 'relationship_events', 'opportunities', 'opened_tickets', 'ticket_changes',
    'complaints', 'ticket_comments', 'invitations', 'answers', 'usage', 'touches',
    'touch_responses', 'action_outcomes',
] %}
left join {{ facts }}
    on spine.customer_id = {{ facts }}.customer_id and spine.as_of_date = {{ facts }}.as_of_date
{%- endfor %}
