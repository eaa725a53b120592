{#- Grain: one row per customer, source system and link method. -#}
select
    identity_links.customer_id,
    identity_links.source_system,
    identity_links.link_method,
    cast(count(*) as integer) as record_count,
    cast(min(identity_links.link_score) as decimal(9, 6)) as lowest_link_score
from {{ ref('int_identity_links') }} as identity_links
inner join {{ ref('int_customers') }} as customers
    on identity_links.customer_id = customers.customer_id
group by
    identity_links.customer_id, identity_links.source_system, identity_links.link_method
