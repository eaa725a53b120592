{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per source system and month end. How much each system sent of each month, and
    whether it was measured then. What counts as a fact is what the contracts call an event:
    policies, calendars, price lists and the like say nothing about a month. -#}
{%- set facts = [
    ('billing', ref('stg_billing__credit_notes'), 'credited_at'),
    ('billing', ref('stg_billing__invoice_lines'), 'invoiced_at'),
    ('billing', ref('stg_billing__invoices'), 'invoiced_at'),
    ('billing', ref('stg_billing__payments'), 'paid_at'),
    ('billing', ref('stg_billing__returns'), 'returned_at'),
    ('billing', ref('stg_billing__shipments'), 'shipped_at'),
    ('crm', ref('stg_crm__contacts'), 'valid_from'),
    ('crm', ref('stg_crm__customers'), 'valid_from'),
    ('crm', ref('stg_crm__interactions'), 'occurred_at'),
    ('crm', ref('stg_crm__leads'), 'valid_from'),
    ('crm', ref('stg_crm__opportunities'), 'valid_from'),
    ('crm', ref('stg_crm__relationship_events'), 'occurred_at'),
    ('marketing', ref('stg_marketing__touch_responses'), 'responded_at'),
    ('marketing', ref('stg_marketing__touches'), 'touched_at'),
    ('organisation', ref('stg_organisation__action_outcomes'), 'happened_at'),
    ('organisation', ref('stg_organisation__anchor_audits'), 'audited_on'),
    ('organisation', ref('stg_organisation__cost_entries'), 'cost_month'),
    ('organisation', ref('stg_organisation__experiment_assignments'), 'assigned_at'),
    ('organisation', ref('stg_organisation__judgements'), 'judged_on'),
    ('support', ref('stg_support__complaint_events'), 'occurred_at'),
    ('support', ref('stg_support__qa_reviews'), 'reviewed_at'),
    ('support', ref('stg_support__ticket_comments'), 'commented_at'),
    ('support', ref('stg_support__ticket_events'), 'occurred_at'),
    ('support', ref('stg_support__tickets'), 'valid_from'),
    ('survey', ref('stg_survey__invitations'), 'sent_at'),
    ('survey', ref('stg_survey__responses'), 'responded_at'),
    ('usage', ref('stg_usage__daily_counts'), 'usage_date'),
] %}
with run_months as (

    {{ run_months() }}

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

facts as (

    {% for system, relation, event_time in facts %}
    select
        '{{ system }}' as source_system,
        {{ month_end('facts.' ~ event_time) }} as as_of_date,
        count(*) as fact_count
    from {{ relation }} as facts
    inner join run_months
        on
            {{ month_end('facts.' ~ event_time) }} >= run_months.first_month
            and {{ month_end('facts.' ~ event_time) }} <= run_months.last_month
    group by {{ month_end('facts.' ~ event_time) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        facts.source_system,
        facts.as_of_date,
        sum(facts.fact_count) as fact_count
    from facts
    group by facts.source_system, facts.as_of_date

)

select
    systems.source_system,
    months.as_of_date,
    coalesce(
        months.as_of_date >= systems.first_measured_month
        and months.as_of_date <= systems.last_measured_month,
        false
    ) as is_measured,
    case
        when
            months.as_of_date >= systems.first_measured_month
            and months.as_of_date <= systems.last_measured_month
            then cast(coalesce(counted.fact_count, 0) as bigint)
    end as fact_count
from months
cross join {{ ref('stg_control__systems') }} as systems
left join counted
    on
        systems.source_system = counted.source_system
        and months.as_of_date = counted.as_of_date
