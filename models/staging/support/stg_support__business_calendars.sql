with source as (

    {{ known_versions(
        source('support', 'business_calendars'),
        ['calendar_id', 'weekday'],
        'valid_from'
    ) }}

)

select
    trim(source.calendar_id) as calendar_id,
    source.weekday,
    source.opens_minute,
    source.closes_minute,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
