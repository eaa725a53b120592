with source as (

    {{ known_versions(source('survey', 'programmes'), ['programme_id'], 'updated_at') }}

)

select
    trim(source.programme_id) as programme_id,
    trim(source.programme_name) as programme_name,
    trim(source.programme_kind) as programme_kind,
    trim(source.purpose) as purpose,
    trim(source.owner_id) as owner_id,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
