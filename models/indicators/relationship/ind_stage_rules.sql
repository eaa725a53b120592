{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: what the rules of the relationship stages look at,
    and whether each holds (1), fails (0) or is not known (empty). The rules' limits are the seed
    `stage_rules` (handbook C4); the stage itself is a fold over these rows (`ind_stages`). -#}
{%- set rules = [
    ('lifetime_purchases', '>='), ('active_months_3m', '>='), ('tenure_days', '>='),
    ('renewals_24m', '>='), ('purchases_12m', '>='), ('paid_on_time_ratio_12m', '>='),
    ('open_severe_complaints', '<='), ('relationship_health', '>='),
    ('co_creation_kinds_12m', '>='),
] -%}
{%- set co_creations = [
    'referrals_won', 'joint_developments', 'customer_references', 'community_contributions',
    'joint_plans',
] -%}
with run_months as (

    {{ run_months() }}

),

limits as (

    select
        stage_rules.business_model
        {%- for rule, comparison in rules + [('trust_months', '>=')] %},
        cast(
            max(case when stage_rules.rule_id = '{{ rule }}' then stage_rules.threshold end)
            as double
        ) as {{ rule }}
        {%- endfor %}
    from {{ ref('stage_rules') }} as stage_rules
    group by stage_rules.business_model

),

measured as (

    select
        measured_facts.as_of_date,
        measured_facts.is_measured as has_complaints
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    where measured_facts.fact = 'complaints'

),

severe_complaints as (

    select
        complaint_states.customer_id,
        months.as_of_date,
        count(*) as complaint_count
    from {{ ref('int_complaint_states') }} as complaint_states
    inner join {{ ref('int_months') }} as months
        on {{ holds_on(
            'months.as_of_date', 'complaint_states.from_month', 'complaint_states.to_month'
        ) }}
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    where
        not complaint_states.is_solved
        and complaint_states.severity = 1
        and complaint_states.customer_id is not null
    group by complaint_states.customer_id, months.as_of_date

),

co_creations as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        {%- for kind in co_creations %}
        sum(customer_activity.{{ kind }}) over last_12 as {{ kind }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join run_months
        on
            customer_activity.as_of_date > {{ month_end_after('run_months.first_month', -12) }}
            and customer_activity.as_of_date <= run_months.last_month
    window last_12 as (
        partition by customer_activity.customer_id order by customer_activity.as_of_date
        rows between 11 preceding and current row
    )

),

facts as (

    select
        ind_iceberg.customer_id,
        ind_iceberg.as_of_date,
        case when ind_activity.first_subscribed_on is null then 'repeat' else 'contractual' end
            as business_model,
        ind_lifecycle.is_lost,
        -- Who had no ticket and gave no answer can have no health index; the rest is judged alone.
        ind_relationship.problem_solving_score_6m is null
        and ind_relationship.emotion_score_12m is null as is_health_out_of_reach,
        ind_value.lifetime_purchase_count as lifetime_purchases,
        ind_relationship.active_months_3m,
        ind_retention.tenure_days,
        coalesce(ind_iceberg.renewals_24m, 0) as renewals_24m,
        ind_value.purchases_12m,
        ind_iceberg.paid_on_time_ratio_12m,
        case
            when measured.has_complaints then coalesce(severe_complaints.complaint_count, 0)
        end as open_severe_complaints,
        ind_relationship.relationship_health,
        case
            when
                coalesce(
                    {% for kind in co_creations -%}
                    co_creations.{{ kind }}{{ ', ' if not loop.last }}
                    {%- endfor %}
                ) is not null
                then
                    {% for kind in co_creations -%}
                    case when co_creations.{{ kind }} > 0 then 1 else 0 end
                    {{- ' +' if not loop.last }}
                    {% endfor %}
        end as co_creation_kinds_12m
    from {{ ref('ind_iceberg') }} as ind_iceberg
    inner join run_months
        on
            ind_iceberg.as_of_date >= run_months.first_month
            and ind_iceberg.as_of_date <= run_months.last_month
    inner join measured on ind_iceberg.as_of_date = measured.as_of_date
    {%- for model in [
        'ind_value', 'ind_activity', 'ind_lifecycle', 'ind_retention', 'ind_relationship',
    ] %}
    inner join {{ ref(model) }} as {{ model }}
        on
            ind_iceberg.customer_id = {{ model }}.customer_id
            and ind_iceberg.as_of_date = {{ model }}.as_of_date
    {%- endfor %}
    inner join co_creations
        on
            ind_iceberg.customer_id = co_creations.customer_id
            and ind_iceberg.as_of_date = co_creations.as_of_date
    left join severe_complaints
        on
            ind_iceberg.customer_id = severe_complaints.customer_id
            and ind_iceberg.as_of_date = severe_complaints.as_of_date

),

flags as (

    select
        facts.*,
        limits.trust_months as trust_months_limit,
        {%- for rule, comparison in rules %}
        limits.{{ rule }} as {{ rule }}_limit,
        case
            when facts.{{ rule }} is null then null
            when facts.{{ rule }} {{ comparison }} limits.{{ rule }} then 1
            else 0
        end as is_{{ rule }}_met{{ ',' if not loop.last }}
        {%- endfor %}
    from facts
    inner join limits on facts.business_model = limits.business_model

),

bought as (

    select
        flags.*,
        -- One of the two is enough.
        greatest(flags.is_renewals_24m_met, flags.is_purchases_12m_met) as is_bond_met,
        case
            when flags.is_health_out_of_reach then 1 else flags.is_relationship_health_met
        end as is_health_met
    from flags

)

select
    bought.customer_id,
    bought.as_of_date,
    bought.business_model,
    bought.is_lost,
    case when bought.is_health_out_of_reach then 'partial' else 'full' end as evidence,
    {{ all_met(['bought.is_lifetime_purchases_met', 'bought.is_active_months_3m_met']) }}
        as familiar_met,
    {{ all_met([
        'bought.is_tenure_days_met', 'bought.is_bond_met', 'bought.is_paid_on_time_ratio_12m_met',
        'bought.is_open_severe_complaints_met', 'bought.is_health_met',
    ]) }} as trust_met,
    bought.is_co_creation_kinds_12m_met as co_create_met,
    cast(bought.trust_months_limit as integer) as trust_months_limit,
    {%- for rule, comparison in rules if rule not in ['renewals_24m', 'purchases_12m'] %}
    {%- set sign = '' if comparison == '>=' else '-' %}
    case
        when bought.is_{{ rule }}_met = 0
            {% if comparison == '>=' -%}
            then cast(bought.{{ rule }}_limit - bought.{{ rule }} as double)
            {%- else -%}
            then cast(bought.{{ rule }} - bought.{{ rule }}_limit as double)
            {%- endif %}
    end as {{ rule }}_gap,
    bought.is_{{ rule }}_met is null
    {%- if rule == 'relationship_health' %} and not bought.is_health_out_of_reach {%- endif %}
        as is_{{ rule }}_unknown,
    {%- endfor %}
    case
        when bought.is_bond_met = 0
            then least(
                cast(bought.renewals_24m_limit - bought.renewals_24m as double),
                cast(bought.purchases_12m_limit - bought.purchases_12m as double)
            )
    end as bond_gap
from bought
