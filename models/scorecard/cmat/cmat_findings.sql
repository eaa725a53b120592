{%- set flags = ['level_without_evidence', 'level_beside_not_applicable'] -%}
with found as (

    select
        answers.*,
        answers.exclusion_reason as finding,
        'excluded' as action
    from {{ ref('int_cmat_answers') }} as answers
    where answers.exclusion_reason is not null
    {%- for flag in flags %}
    union all
    select
        answers.*,
        '{{ flag }}' as finding,
        'flagged' as action
    from {{ ref('int_cmat_answers') }} as answers
    where answers.exclusion_reason is null and answers.is_{{ flag }}
    {%- endfor %}

)

select
    found.assessment_id,
    found.practice_id,
    found.dimension,
    found.assessor_number,
    found.finding,
    found.action,
    reasons.explanation,
    cast(found.stated_level as integer) as stated_level,
    cast(found.counted_level as integer) as counted_level,
    found.answered_on
from found
left join {{ ref('exclusion_reasons') }} as reasons
    on found.finding = reasons.exclusion_reason
