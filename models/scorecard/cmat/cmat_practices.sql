{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

),

practices as (

    select practices.*
    from {{ ref('ind_cmat_practices') }} as practices
    inner join run_months
        on
            practices.as_of_date >= run_months.first_month
            and practices.as_of_date <= run_months.last_month

),

months as (

    select distinct practices.as_of_date
    from practices

),

-- A level holds where all of its rules do; a metric without a value leaves the practice unmeasured.
steps as (

    select
        months.as_of_date,
        rules.practice_id,
        rules.level,
        min(
            case
                when metrics.value is null then null
                when rules.operator = '>=' and metrics.value >= rules.threshold then 1
                when rules.operator = '<=' and metrics.value <= rules.threshold then 1
                else 0
            end
        ) as holds,
        count(*) - count(metrics.value) as unmeasured_count
    from months
    cross join {{ ref('cmat_rules') }} as rules
    left join {{ ref('cmat_metrics') }} as metrics
        on
            months.as_of_date = metrics.as_of_date
            and rules.metric_id = metrics.metric_id
    group by months.as_of_date, rules.practice_id, rules.level

),

measured as (

    select
        steps.as_of_date,
        steps.practice_id,
        max(steps.level) as measurable_level,
        case
            when sum(steps.unmeasured_count) = 0
                then coalesce(
                    min(case when steps.holds = 0 then steps.level end) - 1, max(steps.level)
                )
        end as measured_level
    from steps
    group by steps.as_of_date, steps.practice_id

),

-- What the first rule of a practice reads, for the reader.
first_rules as (

    select
        rules.practice_id,
        min(rules.metric_id) as metric_id
    from {{ ref('cmat_rules') }} as rules
    where rules.level = 1
    group by rules.practice_id

)

select
    practices.as_of_date,
    practices.assessment_id,
    practices.practice_id,
    practices.section_id,
    questionnaire.element,
    questionnaire.element_zh,
    questionnaire.practice,
    questionnaire.practice_zh,
    questionnaire.reap,
    questionnaire.evidence_asked,
    questionnaire.evidence_asked_zh,
    practices.opened_on,
    practices.closes_on,
    practices.is_closed,
    practices.dimension_count,
    cast(practices.weight as double) as weight,
    practices.answer_status,
    round(practices.intention_level, 6) as intention_level,
    round(practices.reality_level, 6) as reality_level,
    round(practices.stated_reality_level, 6) as stated_reality_level,
    round(practices.effect_level, 6) as effect_level,
    practices.evidence_count,
    practices.capped_count,
    practices.is_capped,
    round(practices.practice_percent, 6) as practice_percent,
    first_rules.metric_id,
    metrics.name as metric_name,
    metrics.name_zh as metric_name_zh,
    metrics.unit as metric_unit,
    metrics.value as metric_value,
    cast(measured.measurable_level as integer) as measurable_level,
    cast(measured.measured_level as integer) as measured_level,
    round(
        case
            when practices.stated_reality_level > measured.measurable_level
                then measured.measurable_level
            else practices.stated_reality_level
        end - measured.measured_level, 6
    ) as perception_gap
from practices
inner join {{ ref('cmat_questionnaire') }} as questionnaire
    on
        practices.practice_id = questionnaire.practice_id
        and {{ holds_on(
            'practices.opened_on', 'questionnaire.valid_from', 'questionnaire.valid_until'
        ) }}
left join measured
    on
        practices.as_of_date = measured.as_of_date
        and practices.practice_id = measured.practice_id
left join first_rules on practices.practice_id = first_rules.practice_id
left join {{ ref('cmat_metrics') }} as metrics
    on
        practices.as_of_date = metrics.as_of_date
        and first_rules.metric_id = metrics.metric_id
