with source as (

    {{ known_versions(source('support', 'tickets'), ['ticket_id'], 'updated_at') }}

)

select
    trim(source.ticket_id) as ticket_id,
    trim(source.requester_id) as requester_id,
    trim(source.ticket_kind) as ticket_kind,
    trim(source.topic) as topic,
    trim(source.channel) as channel,
    trim(source.priority) as priority,
    source.severity,
    trim(source.status) as status,
    source.is_level_one_resolvable,
    trim(source.sla_policy_id) as sla_policy_id,
    trim(source.team_id) as team_id,
    trim(source.agent_id) as agent_id,
    trim(source.subject) as subject,
    source.created_at,
    source.solved_at,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
