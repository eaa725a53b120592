{#- Grain: one row per customer, source system and link method. Records count that were there by the
    end of the run's last month, as they do for the customer himself. -#}
select
    identity_links.customer_id,
    identity_links.source_system,
    identity_links.link_method,
    cast(count(*) as integer) as record_count,
    cast(min(identity_links.link_score) as decimal(9, 6)) as lowest_link_score
from {{ ref('int_identity_links') }} as identity_links
inner join {{ ref('int_identity_records') }} as identity_records
    on
        identity_links.source_system = identity_records.source_system
        and identity_links.source_id = identity_records.source_id
inner join {{ ref('stg_control__run_window') }} as run_window
    on {{ month_end('identity_records.first_recorded_at') }} <= run_window.last_month
inner join {{ ref('int_customers') }} as customers
    on identity_links.customer_id = customers.customer_id
group by
    identity_links.customer_id, identity_links.source_system, identity_links.link_method
