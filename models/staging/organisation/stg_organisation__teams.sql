with source as (

    {{ known_versions(source('organisation', 'teams'), ['team_id'], 'updated_at') }}

)

select
    trim(source.team_id) as team_id,
    trim(source.team_name) as team_name,
    trim(source.department) as department,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
