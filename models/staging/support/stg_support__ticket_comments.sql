with source as (

    {{ known_rows(source('support', 'ticket_comments')) }}

)

select
    trim(source.comment_id) as comment_id,
    trim(source.ticket_id) as ticket_id,
    trim(source.author_kind) as author_kind,
    trim(source.agent_id) as agent_id,
    source.is_public,
    source.handling_minutes,
    trim(source.body) as body,
    source.commented_at,
    source._load_id as load_id
from source
