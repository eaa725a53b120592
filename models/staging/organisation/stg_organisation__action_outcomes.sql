with source as (

    {{ known_rows(source('organisation', 'action_outcomes')) }}

)

select
    trim(source.outcome_id) as outcome_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.action) as action,
    trim(source.card_id) as card_id,
    trim(source.outcome) as outcome,
    source.happened_at
from source
