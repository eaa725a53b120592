with source as (

    {{ known_rows(source('organisation', 'card_updates')) }}

)

select
    trim(source.card_id) as card_id,
    source.due_on,
    trim(source.employee_id) as employee_id,
    source.updated_at
from source
