with source as (

    {{ known_versions(source('survey', 'questions'), ['question_id'], 'valid_from') }}

)

select
    trim(source.question_id) as question_id,
    trim(source.programme_id) as programme_id,
    trim(source.measure) as measure,
    trim(source.dimension) as dimension,
    trim(source.anchor_id) as anchor_id,
    source.scale_min,
    source.scale_max,
    source.is_higher_better,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
