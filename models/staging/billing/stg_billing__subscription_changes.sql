with source as (

    {{ known_rows(source('billing', 'subscription_changes')) }}

)

select
    trim(source.change_id) as change_id,
    trim(source.subscription_id) as subscription_id,
    trim(source.change_kind) as change_kind,
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    source.quantity,
    source.unit_price,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    source.effective_at
from source
