with source as (

    {{ known_rows(source('marketing', 'touches')) }}

)

select
    trim(source.touch_id) as touch_id,
    trim(source.campaign_id) as campaign_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.lead_id) as lead_id,
    trim(source.channel) as channel,
    source.is_delivered,
    source.touched_at
from source
