{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per kind of fact and month end. Whether a fact that is not there did not happen
    or was not measured. Judged with what was known at that month's end, so that a file that comes
    late changes the months it speaks of and no other. -#}
{%- set facts = {
    'crm_customers': (ref('stg_crm__customers'), 'valid_from'),
    'crm_contacts': (ref('stg_crm__contacts'), 'valid_from'),
    'interactions': (ref('stg_crm__interactions'), 'occurred_at'),
    'leads': (ref('stg_crm__leads'), 'valid_from'),
    'opportunities': (ref('stg_crm__opportunities'), 'valid_from'),
    'relationship_events': (ref('stg_crm__relationship_events'), 'occurred_at'),
    'tickets': (ref('int_tickets'), 'known_at'),
    'ticket_changes': (ref('int_ticket_spells'), 'known_at'),
    'ticket_comments': (ref('stg_support__ticket_comments'), 'commented_at'),
    'complaints': (ref('int_complaints'), 'known_at'),
    'qa_reviews': (ref('stg_support__qa_reviews'), 'reviewed_at'),
    'agent_shifts': (ref('stg_support__agent_shifts'), 'shift_date'),
    'survey_invitations': (ref('stg_survey__invitations'), 'sent_at'),
    'survey_answers': (ref('stg_survey__responses'), 'responded_at'),
    'usage': (ref('stg_usage__daily_counts'), 'usage_date'),
    'marketing_touches': (ref('stg_marketing__touches'), 'touched_at'),
    'marketing_responses': (ref('stg_marketing__touch_responses'), 'responded_at'),
    'loyalty_members': (ref('stg_marketing__loyalty_members'), 'valid_from'),
    'loyalty_points': (ref('stg_marketing__loyalty_points'), 'posted_on'),
    'action_outcomes': (ref('stg_organisation__action_outcomes'), 'happened_at'),
    'anchor_audits': (ref('stg_organisation__anchor_audits'), 'audited_on'),
    'cost_entries': (ref('stg_organisation__cost_entries'), 'cost_month'),
    'experiment_assignments': (ref('stg_organisation__experiment_assignments'), 'assigned_at'),
    'judgements': (ref('stg_organisation__judgements'), 'judged_on'),
    'credit_checks': (ref('stg_organisation__credit_checks'), 'valid_from'),
} -%}
with run_months as (

    {{ run_months() }}

),

carried as (

    {% if is_incremental() -%}
    select
        this_table.fact,
        this_table.first_fact_date,
        this_table.last_fact_date
    from {{ this }} as this_table
    inner join run_months
        on this_table.as_of_date = {{ month_end_after('run_months.first_month', -1) }}
    {%- else -%}
    select
        cast(null as varchar) as fact,
        cast(null as date) as first_fact_date,
        cast(null as date) as last_fact_date
    from run_months
    where 1 = 0
    {%- endif %}

),

counted as (

    {% for fact, (relation, fact_time) in facts.items() -%}
    select
        '{{ fact }}' as fact,
        {{ month_end('facts.' ~ fact_time) }} as as_of_date,
        count(*) as fact_count,
        cast(min(facts.{{ fact_time }}) as date) as first_fact_date,
        cast(max(facts.{{ fact_time }}) as date) as last_fact_date
    from {{ relation }} as facts
    inner join run_months on {{ in_run_months('facts.' ~ fact_time) }}
    group by {{ month_end('facts.' ~ fact_time) }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

),

spine as (

    select
        measured_facts.fact,
        measured_facts.source_system,
        measured_facts.quiet_days,
        months.as_of_date
    from {{ ref('measured_facts') }} as measured_facts
    cross join {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

running as (

    select
        spine.*,
        coalesce(counted.fact_count, 0) as fact_count,
        coalesce(
            carried.first_fact_date, min(counted.first_fact_date) over so_far
        ) as first_fact_date,
        coalesce(
            max(counted.last_fact_date) over so_far, carried.last_fact_date
        ) as last_fact_date
    from spine
    left join counted
        on spine.fact = counted.fact and spine.as_of_date = counted.as_of_date
    left join carried on spine.fact = carried.fact
    window so_far as (
        partition by spine.fact order by spine.as_of_date
        rows between unbounded preceding and current row
    )

),

with_system as (

    select
        running.*,
        max(running.last_fact_date) over (
            partition by running.source_system, running.as_of_date
        ) as last_system_date
    from running

),

judged as (

    select
        with_system.*,
        coalesce(
            with_system.as_of_date >= systems.first_measured_month
            and {{ days_between('with_system.last_system_date', 'with_system.as_of_date') }}
            <= systems.quiet_days,
            false
        ) as is_system_measured
    from with_system
    left join {{ ref('stg_control__systems') }} as systems
        on with_system.source_system = systems.source_system

)

-- A table that its system leaves out is not measured: its time begins with its first row. The first
-- month counts where the table has no quiet days of its own, or the row came within them.
select
    judged.fact,
    judged.as_of_date,
    judged.source_system,
    judged.is_system_measured,
    judged.is_system_measured
    and judged.first_fact_date is not null
    and coalesce(
        {{ days_between('judged.last_fact_date', 'judged.as_of_date') }} <= judged.quiet_days
        and (
            {{ month_end('judged.first_fact_date') }} < judged.as_of_date
            or {{ days_between(
                dbt.date_trunc('month', 'judged.first_fact_date'), 'judged.first_fact_date'
            ) }} <= judged.quiet_days
        ),
        judged.quiet_days is null
    ) as is_measured,
    cast(judged.fact_count as bigint) as fact_count,
    judged.first_fact_date,
    judged.last_fact_date
from judged
