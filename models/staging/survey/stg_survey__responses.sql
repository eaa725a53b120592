with source as (

    {{ known_rows(source('survey', 'responses')) }}

)

select
    trim(source.response_id) as response_id,
    trim(source.invitation_id) as invitation_id,
    trim(source.question_id) as question_id,
    source.answer,
    trim(source.comment) as comment,
    source.is_test,
    source.responded_at,
    source._load_id as load_id
from source
