with source as (

    {{ known_rows(source('support', 'qa_reviews')) }}

)

select
    trim(source.review_id) as review_id,
    trim(source.ticket_id) as ticket_id,
    trim(source.agent_id) as agent_id,
    trim(source.reviewer_id) as reviewer_id,
    source.quality_score,
    source.reviewed_at
from source
