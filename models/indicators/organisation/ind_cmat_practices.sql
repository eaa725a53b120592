{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, assessment and practice of its questionnaire (handbook C2). A
    month knows the answers given by its end. An assessment is there from its first answer until a
    newer one has closed. The level of a dimension is the mean of those who gave one. -#}
{%- set dimensions = ['intention', 'reality', 'effect'] -%}
{%- set weights = var('cmat_dimension_weights') -%}
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

answers as (

    select answers.*
    from {{ ref('int_cmat_answers') }} as answers
    where answers.exclusion_reason is null

),

assessments as (

    select distinct
        answers.assessment_id,
        answers.opened_on,
        answers.closes_on
    from answers

),

newest_closed as (

    select
        months.as_of_date,
        max(assessments.opened_on) as opened_on
    from months
    inner join assessments on months.as_of_date >= assessments.closes_on
    group by months.as_of_date

),

assessment_months as (

    select
        months.as_of_date,
        assessments.assessment_id,
        assessments.opened_on,
        assessments.closes_on,
        months.as_of_date >= assessments.closes_on as is_closed
    from months
    inner join assessments on months.as_of_date >= assessments.opened_on
    left join newest_closed on months.as_of_date = newest_closed.as_of_date
    where newest_closed.opened_on is null or assessments.opened_on >= newest_closed.opened_on

),

said as (

    select
        assessment_months.as_of_date,
        answers.assessment_id,
        answers.practice_id,
        answers.dimension,
        count(answers.counted_level) as level_count,
        sum(answers.counted_level) as level_sum,
        sum(answers.stated_level) as stated_sum,
        {{ count_when('answers.is_not_applicable') }} as not_applicable_count,
        {{ count_when('answers.is_level_without_evidence') }} as capped_count,
        {{ count_when('answers.has_evidence') }} as evidence_count
    from assessment_months
    inner join answers
        on
            assessment_months.assessment_id = answers.assessment_id
            and assessment_months.as_of_date >= answers.answered_on
    group by
        assessment_months.as_of_date,
        answers.assessment_id,
        answers.practice_id,
        answers.dimension

),

-- An assessment in which nobody spoke of effect asks for two dimensions.
modes as (

    select
        said.as_of_date,
        said.assessment_id,
        case
            when sum(case when said.dimension = 'effect' then said.level_count end) > 0 then 3
            else 2
        end as dimension_count
    from said
    group by said.as_of_date, said.assessment_id

),

wide as (

    select
        said.as_of_date,
        said.assessment_id,
        said.practice_id,
        {%- for dimension in dimensions %}
        max(
            case
                when said.dimension = '{{ dimension }}'
                    then {{ ratio('said.level_sum', 'said.level_count') }}
            end
        ) as {{ dimension }}_level,
        {%- endfor %}
        max(
            case
                when said.dimension = 'reality'
                    then {{ ratio('said.stated_sum', 'said.level_count') }}
            end
        ) as stated_reality_level,
        sum(said.level_count) as level_count,
        sum(said.not_applicable_count) as not_applicable_count,
        sum(said.capped_count) as capped_count,
        sum(said.evidence_count) as evidence_count
    from said
    group by said.as_of_date, said.assessment_id, said.practice_id

),

practices as (

    select
        assessment_months.as_of_date,
        assessment_months.assessment_id,
        assessment_months.opened_on,
        assessment_months.closes_on,
        assessment_months.is_closed,
        modes.dimension_count,
        questionnaire.practice_id,
        questionnaire.section_id,
        questionnaire.weight,
        {%- for dimension in dimensions %}
        wide.{{ dimension }}_level,
        {%- endfor %}
        wide.stated_reality_level,
        cast(coalesce(wide.capped_count, 0) as integer) as capped_count,
        cast(coalesce(wide.evidence_count, 0) as integer) as evidence_count,
        case
            when coalesce(wide.level_count, 0) = 0 and wide.not_applicable_count > 0
                then 'not_applicable'
            when coalesce(wide.level_count, 0) = 0 then 'unanswered'
            when
                wide.intention_level is null
                or wide.reality_level is null
                or (modes.dimension_count = 3 and wide.effect_level is null)
                then 'partly_answered'
            else 'answered'
        end as answer_status
    from assessment_months
    inner join modes
        on
            assessment_months.as_of_date = modes.as_of_date
            and assessment_months.assessment_id = modes.assessment_id
    inner join {{ ref('cmat_questionnaire') }} as questionnaire
        on
            {{ holds_on(
                'assessment_months.opened_on', 'questionnaire.valid_from',
                'questionnaire.valid_until'
            ) }}
    left join wide
        on
            assessment_months.as_of_date = wide.as_of_date
            and assessment_months.assessment_id = wide.assessment_id
            and questionnaire.practice_id = wide.practice_id

)

select
    practices.as_of_date,
    practices.assessment_id,
    practices.practice_id,
    practices.section_id,
    practices.opened_on,
    practices.closes_on,
    practices.is_closed,
    practices.dimension_count,
    practices.weight,
    practices.answer_status,
    practices.intention_level,
    practices.reality_level,
    practices.stated_reality_level,
    practices.effect_level,
    practices.evidence_count,
    practices.capped_count,
    practices.capped_count > 0 as is_capped,
    -- What is open counts as nothing once the assessment is closed, and not before.
    case
        when practices.answer_status = 'not_applicable' then null
        when not practices.is_closed and practices.answer_status <> 'answered' then null
        when practices.dimension_count = 2
            then
                25 * (
                    {%- for dimension, weight in weights['two'].items() %}
                    {{ '+ ' if not loop.first }}{{ weight }}
                    * coalesce(practices.{{ dimension }}_level, 0)
                    {%- endfor %}
                ) / ({{ weights['two'].values() | join(' + ') }})
        else
            25 * (
                {%- for dimension, weight in weights['three'].items() %}
                {{ '+ ' if not loop.first }}{{ weight }}
                * coalesce(practices.{{ dimension }}_level, 0)
                {%- endfor %}
            ) / ({{ weights['three'].values() | join(' + ') }})
    end as practice_percent
from practices
