{#- Outside the time in which a fact was measured no customer has a number for it, not even a zero;
    inside it every customer has one. Each row is a month and fact that breaks this. -#}
{%- set first_columns = {
    'interactions': 'interactions',
    'relationship_events': 'relationship_events',
    'opportunities': 'opportunities_opened',
    'tickets': 'tickets_opened',
    'ticket_changes': 'tickets_solved',
    'complaints': 'complaints_received',
    'survey_invitations': 'survey_invitations',
    'survey_answers': 'survey_answers',
    'usage': 'active_days',
    'marketing_touches': 'marketing_touches',
    'marketing_responses': 'marketing_clicks',
    'action_outcomes': 'actions_taken',
} -%}
with months as (

    select
        customer_activity.as_of_date,
        count(*) as customer_count
        {%- for column in first_columns.values() %},
        count(customer_activity.{{ column }}) as {{ column }}
        {%- endfor %}
    from {{ ref('int_customer_activity') }} as customer_activity
    group by customer_activity.as_of_date

)

{% for fact, column in first_columns.items() -%}
select
    measured_facts.fact,
    measured_facts.as_of_date,
    months.customer_count,
    months.{{ column }} as measured_count
from {{ ref('int_measured_facts') }} as measured_facts
inner join months on measured_facts.as_of_date = months.as_of_date
where
    measured_facts.fact = '{{ fact }}'
    and months.{{ column }}
    <> case when measured_facts.is_measured then months.customer_count else 0 end
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
