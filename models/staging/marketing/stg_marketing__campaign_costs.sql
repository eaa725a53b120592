with source as (

    {{ known_rows(source('marketing', 'campaign_costs')) }}

)

select
    trim(source.entry_id) as entry_id,
    trim(source.campaign_id) as campaign_id,
    source.booked_on,
    trim(source.cost_kind) as cost_kind,
    source.amount,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent
from source
