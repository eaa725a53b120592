{#- Grain: one row per answer of an assessment of the organisation (handbook C2): what was said,
    what of it counts, and what is wrong with it. An assessment opens with its first answer to a
    practice of the questionnaire and closes `cmat_open_days` later. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

answers as (

    select
        answers.assessment_id,
        answers.practice_id,
        answers.dimension,
        answers.assessor_id,
        answers.level,
        coalesce(answers.is_not_applicable, false) as is_not_applicable,
        answers.evidence_reference,
        answers.answered_on
    from {{ ref('stg_organisation__cmat_answers') }} as answers
    inner join run_window on answers.answered_on <= run_window.last_month

),

practices as (

    select distinct questionnaire.practice_id
    from {{ ref('cmat_questionnaire') }} as questionnaire

),

assessments as (

    select
        answers.assessment_id,
        min(answers.answered_on) as opened_on
    from answers
    inner join practices on answers.practice_id = practices.practice_id
    group by answers.assessment_id

),

in_force as (

    select
        assessments.assessment_id,
        assessments.opened_on,
        {{ dbt.dateadd('day', var('cmat_open_days'), 'assessments.opened_on') }} as closes_on,
        questionnaire.practice_id
    from assessments
    inner join {{ ref('cmat_questionnaire') }} as questionnaire
        on
            {{ holds_on(
                'assessments.opened_on', 'questionnaire.valid_from', 'questionnaire.valid_until'
            ) }}

),

-- Whoever came first is assessor 1: a later one never moves the numbers.
first_days as (

    select
        answers.assessment_id,
        answers.assessor_id,
        min(answers.answered_on) as first_answered_on
    from answers
    group by answers.assessment_id, answers.assessor_id

),

assessors as (

    select
        first_days.assessment_id,
        first_days.assessor_id,
        row_number() over (
            partition by first_days.assessment_id
            order by first_days.first_answered_on, first_days.assessor_id
        ) as assessor_number
    from first_days

),

judged as (

    select
        answers.*,
        assessors.assessor_number,
        in_force.opened_on,
        cast(in_force.closes_on as date) as closes_on,
        case
            when in_force.practice_id is null then 'unknown_practice'
            when answers.answered_on > in_force.closes_on then 'answer_after_closing'
        end as exclusion_reason,
        coalesce(length(answers.evidence_reference) > 0, false) as has_evidence
    from answers
    inner join assessors
        on
            answers.assessment_id = assessors.assessment_id
            and answers.assessor_id = assessors.assessor_id
    left join in_force
        on
            answers.assessment_id = in_force.assessment_id
            and answers.practice_id = in_force.practice_id

)

select
    judged.assessment_id,
    judged.practice_id,
    judged.dimension,
    cast(judged.assessor_number as integer) as assessor_number,
    judged.answered_on,
    {{ month_end('judged.answered_on') }} as month_end,
    judged.opened_on,
    judged.closes_on,
    case when not judged.is_not_applicable then judged.level end as stated_level,
    case
        when judged.is_not_applicable then null
        when judged.dimension = 'reality' and judged.level > 1 and not judged.has_evidence then 1
        else judged.level
    end as counted_level,
    judged.is_not_applicable,
    judged.has_evidence,
    not judged.is_not_applicable
    and judged.dimension = 'reality'
    and coalesce(judged.level, 0) > 1
    and not judged.has_evidence as is_level_without_evidence,
    judged.is_not_applicable and judged.level is not null as is_level_beside_not_applicable,
    judged.exclusion_reason
from judged
