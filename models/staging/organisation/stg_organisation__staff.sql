with source as (

    {{ known_versions(source('organisation', 'staff'), ['employee_id'], 'updated_at') }}

)

select
    trim(source.employee_id) as employee_id,
    trim(source.team_id) as team_id,
    trim(source.staff_role) as staff_role,
    trim(source.full_name) as full_name,
    source.hourly_cost,
    source.left_on,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
