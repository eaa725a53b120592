with source as (

    {{ known_versions(source('billing', 'subscriptions'), ['subscription_id'], 'updated_at') }}

)

select
    trim(source.subscription_id) as subscription_id,
    trim(source.customer_id) as source_customer_id,
    upper(trim(source.product_id)) as product_id,
    source.product_id as product_id_as_sent,
    source.started_at,
    source.ended_at,
    source.renewal_date,
    source.term_months,
    trim(source.end_reason) as end_reason,
    source.is_auto_renewing,
    source._valid_from as valid_from,
    source._valid_to as valid_to,
    source._load_id as load_id
from source
