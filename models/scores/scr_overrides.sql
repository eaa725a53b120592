{#- Grain: one row per customer, month end and profile whose score a person has set. Of several in
    force the newest holds. -#}
with in_force as (

    select
        links.customer_id,
        months.as_of_date,
        overrides.profile,
        cast(overrides.value as double) as value,
        overrides.author,
        overrides.team,
        overrides.reason,
        overrides.valid_until,
        row_number() over (
            partition by links.customer_id, months.as_of_date, overrides.profile
            order by overrides.valid_from desc, overrides.crm_customer_id asc
        ) as newest_rank
    from {{ ref('overrides') }} as overrides
    inner join {{ ref('int_months') }} as months
        on {{ holds_on('months.as_of_date', 'overrides.valid_from', 'overrides.valid_until') }}
    inner join {{ ref('int_identity_links') }} as links
        on overrides.crm_customer_id = links.source_id and links.source_system = 'crm'
    where links.customer_id is not null

)

select
    in_force.customer_id,
    in_force.as_of_date,
    in_force.profile,
    in_force.value,
    in_force.author,
    in_force.team,
    in_force.reason,
    in_force.valid_until
from in_force
where in_force.newest_rank = 1
