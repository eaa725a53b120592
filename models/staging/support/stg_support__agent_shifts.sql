with source as (

    {{ known_rows(source('support', 'agent_shifts')) }}

)

select
    trim(source.shift_id) as shift_id,
    trim(source.agent_id) as agent_id,
    trim(source.team_id) as team_id,
    source.shift_date,
    source.available_minutes
from source
