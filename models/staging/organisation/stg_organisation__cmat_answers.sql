with source as (

    {{ known_rows(source('organisation', 'cmat_answers')) }}

)

select
    trim(source.assessment_id) as assessment_id,
    trim(source.practice_id) as practice_id,
    trim(source.dimension) as dimension,
    source.level,
    source.is_not_applicable,
    trim(source.evidence_reference) as evidence_reference,
    trim(source.assessor_id) as assessor_id,
    source.answered_on
from source
