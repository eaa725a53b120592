with source as (

    {{ known_rows(source('organisation', 'agent_trainings')) }}

)

select
    trim(source.training_id) as training_id,
    trim(source.agent_id) as agent_id,
    source.completed_on,
    trim(source.title) as title
from source
