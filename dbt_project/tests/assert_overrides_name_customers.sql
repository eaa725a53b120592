-- An override of a customer that nobody knows would hold for no one, without a word.
select
    overrides.profile,
    overrides.crm_customer_id
from {{ ref('overrides') }} as overrides
left join {{ ref('int_identity_links') }} as links
    on overrides.crm_customer_id = links.source_id and links.source_system = 'crm'
where links.customer_id is null
