{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and metric that a practice of the assessment is held against
    (handbook C2, evidence link), read off the published mart that `cmat_metric_terms` names.
    Metric, mart, cases, cases of them that count, condition. -#}
{%- set year = 'source_rows.period_months = 12' -%}
{%- set metrics = [
    ('clv_coverage', ref('customer_value'), count_when('source_rows.is_active'),
        count_when('source_rows.is_active and source_rows.clv_12m is not null'), 'true'),
    ('tier_coverage', ref('customer_value'), count_when('source_rows.is_active'),
        count_when("source_rows.is_active and coalesce(source_rows.tier, 'none') <> 'none'"),
        'true'),
    ('churn_coverage', ref('predictions'), count_when('source_rows.is_eligible'),
        count_when('source_rows.is_eligible and source_rows.churn_probability is not null'),
        'true'),
    ('cluster_coverage', ref('customer_clusters'), 'count(*)', 'count(source_rows.cluster_id)',
        'true'),
    ('tier_costed', ref('efficiency_by_tier'), 'count(*)', 'count(source_rows.cost_to_serve)',
        year ~ " and source_rows.tier in ('A', 'B', 'C', 'D')"),
    ('sla_judged', ref('service_by_tier'),
        'sum(source_rows.ticket_count - source_rows.sla_pending_count)',
        'sum(source_rows.sla_met_cases)',
        year ~ " and source_rows.tier = 'all' and source_rows.kind_group = 'all'"),
    ('sla_met', ref('service_by_tier'), 'sum(source_rows.sla_met_cases)',
        'sum(source_rows.sla_met_ratio * source_rows.sla_met_cases)',
        year ~ " and source_rows.tier = 'all' and source_rows.kind_group = 'all'"),
    ('first_contact', ref('service_by_tier'), 'sum(source_rows.first_contact_cases)',
        'sum(source_rows.first_contact_ratio * source_rows.first_contact_cases)',
        year ~ " and source_rows.tier = 'all' and source_rows.kind_group = 'all'"),
    ('complaint_sla_met', ref('complaints_by_tier'), 'sum(source_rows.sla_met_cases)',
        'sum(source_rows.sla_met_ratio * source_rows.sla_met_cases)',
        year ~ " and source_rows.tier = 'all'"),
    ('lead_answered', ref('lead_conversion'), 'sum(source_rows.lead_count)',
        'sum(source_rows.responded_count)', year ~ " and source_rows.channel = 'all'"),
    ('key_account_contacted', ref('sales_performance'), 'sum(source_rows.key_account_count)',
        'sum(source_rows.key_account_coverage_ratio * source_rows.key_account_count)',
        year ~ " and source_rows.opportunity_kind = 'all'"),
    ('training_evaluated', ref('training_effects'), 'count(distinct source_rows.training_id)',
        'count(distinct case when source_rows.training_effect is not null'
            ~ ' then source_rows.training_id end)', 'true'),
    ('records_joined', ref('identity_summary'), 'sum(source_rows.record_count)',
        "sum(case when source_rows.link_method <> 'unresolved' then source_rows.record_count"
            ~ " else 0 end)",
        "source_rows.source_system not in ('all', 'billing', 'crm')"
            ~ " and source_rows.link_method <> 'all'"),
    ('systems_measured', ref('source_months'), 'count(*)', count_when('source_rows.is_measured'),
        'true'),
    ('crm_complete', ref('crm_adoption'), 'sum(source_rows.customer_count)',
        'sum(source_rows.completeness_ratio * source_rows.customer_count)',
        "source_rows.team_id = 'all'"),
    ('crm_used', ref('crm_adoption'), 'sum(source_rows.staff_count)',
        'sum(source_rows.active_staff_count)', "source_rows.team_id = 'all'"),
    ('touchpoint_owned', ref('touchpoints'), 'sum(source_rows.contact_count)',
        'sum(case when source_rows.is_unowned then 0 else source_rows.contact_count end)', year),
    ('credit_rated', ref('credit_by_grade'), 'sum(source_rows.customer_count)',
        "sum(case when source_rows.grade in ('unrated', 'insufficient_evidence') then 0"
            ~ ' else source_rows.customer_count end)', "source_rows.grade <> 'all'"),
    ('survey_answered', ref('nps_by_group'), 'sum(source_rows.delivered_count)',
        'sum(source_rows.answered_count)', year ~ " and source_rows.group_kind = 'all'"),
    ('campaign_costed', ref('campaign_performance'), 'count(*)', 'count(source_rows.cost_amount)',
        'source_rows.starts_on > ' ~ month_end_after('source_rows.as_of_date', -12)),
    ('acquisition_costed', ref('acquisition_cost'), 'count(*)',
        'count(source_rows.acquisition_cost_per_customer)',
        year ~ " and source_rows.tier = 'all' and source_rows.channel not in ('all', 'none')"),
    ('moment_met', ref('anchor_attainment'), 'sum(source_rows.occurrence_count)',
        'sum(source_rows.met_count)',
        year ~ " and source_rows.metric = 'all' and source_rows.tier = 'all'"),
] -%}
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

value_months as (

    select source_rows.as_of_date
    from {{ ref('customer_value') }} as source_rows
    where source_rows.clv_12m is not null
    group by source_rows.as_of_date

),

campaigns as (

    select
        performance.as_of_date,
        performance.campaign_id,
        coalesce(effects.control_count, 0) > 0 as has_control
    from {{ ref('campaign_performance') }} as performance
    inner join run_months
        on
            performance.as_of_date >= run_months.first_month
            and performance.as_of_date <= run_months.last_month
    left join {{ ref('campaign_effects') }} as effects
        on
            performance.as_of_date = effects.as_of_date
            and performance.campaign_id = effects.campaign_id
    where performance.starts_on > {{ month_end_after('performance.as_of_date', -12) }}

),

moments as (

    select
        attainment.as_of_date,
        attainment.anchor_id,
        coalesce(audits.compared_count, 0) > 0 as is_audited
    from {{ ref('anchor_attainment') }} as attainment
    inner join run_months
        on
            attainment.as_of_date >= run_months.first_month
            and attainment.as_of_date <= run_months.last_month
    left join {{ ref('anchor_audits') }} as audits
        on
            attainment.as_of_date = audits.as_of_date
            and attainment.anchor_id = audits.anchor_id
    where
        attainment.period_months = 12
        and attainment.metric = 'all'
        and attainment.tier = 'all'
        and attainment.occurrence_count > 0

),

audited_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'anchor_audits' and measured_facts.is_measured

),

counted as (

    {% for metric, relation, cases, counted, condition in metrics -%}
    select
        '{{ metric }}' as metric_id,
        source_rows.as_of_date,
        cast({{ cases }} as bigint) as case_count,
        {{ ratio(counted, cases) }} as value
    from {{ relation }} as source_rows
    inner join run_months
        on
            source_rows.as_of_date >= run_months.first_month
            and source_rows.as_of_date <= run_months.last_month
    where {{ condition }}
    group by source_rows.as_of_date
    union all
    {% endfor -%}
    select
        'campaign_controlled' as metric_id,
        campaigns.as_of_date,
        count(*) as case_count,
        {{ ratio(count_when('campaigns.has_control'), 'count(*)') }} as value
    from campaigns
    group by campaigns.as_of_date
    union all
    -- Not audited is 0 where audits were kept at all, and unknown where they never were.
    select
        'audit_compared' as metric_id,
        moments.as_of_date,
        count(*) as case_count,
        {{ ratio(count_when('moments.is_audited'), 'count(*)') }} as value
    from moments
    inner join audited_months on moments.as_of_date = audited_months.as_of_date
    group by moments.as_of_date
    union all
    select
        'clv_age_days' as metric_id,
        months.as_of_date,
        count(*) as case_count,
        cast(
            min({{ days_between('value_months.as_of_date', 'months.as_of_date') }}) as double
        ) as value
    from months
    inner join value_months on months.as_of_date >= value_months.as_of_date
    group by months.as_of_date

)

select
    months.as_of_date,
    terms.metric_id,
    terms.name,
    terms.name_zh,
    terms.unit,
    terms.mart,
    round(counted.value, 6) as value,
    case when counted.value is not null then counted.case_count end as case_count
from months
cross join {{ ref('cmat_metric_terms') }} as terms
left join counted
    on
        months.as_of_date = counted.as_of_date
        and terms.metric_id = counted.metric_id
