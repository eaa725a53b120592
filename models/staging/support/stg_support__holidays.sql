with source as (

    {{ known_rows(source('support', 'holidays')) }}

)

select
    trim(source.calendar_id) as calendar_id,
    source.holiday_date
from source
