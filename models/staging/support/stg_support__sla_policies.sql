with source as (

    {{ known_versions(
        source('support', 'sla_policies'),
        ['policy_id', 'tier', 'priority'],
        'valid_from'
    ) }}

)

select
    trim(source.policy_id) as policy_id,
    trim(source.tier) as tier,
    trim(source.priority) as priority,
    source.first_reply_minutes,
    source.resolution_minutes,
    trim(source.calendar_id) as calendar_id,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
