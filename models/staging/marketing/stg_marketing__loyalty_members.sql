with source as (

    {{ known_versions(source('marketing', 'loyalty_members'), ['member_id'], 'updated_at') }}

)

select
    trim(source.member_id) as member_id,
    trim(source.customer_id) as crm_customer_id,
    source.enrolled_on,
    source.left_on,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
