{#- Grain: one row per block, customer, name and street of the CRM or billing, in blocks of two
    customers or more: who is compared with whom by name and address. Only the first records of a
    block are compared, so that the work never grows with the square of the customers. -#}
with addresses as (

    select
        'crm' as source_system,
        customers.crm_customer_id as source_id,
        customers.customer_name as name,
        customers.street,
        customers.city,
        customers.postcode
    from {{ ref('stg_crm__customers') }} as customers
    where customers.valid_to is null
    union all
    select
        'billing' as source_system,
        accounts.source_customer_id as source_id,
        accounts.account_name as name,
        accounts.street,
        accounts.city,
        accounts.postcode
    from {{ ref('stg_billing__accounts') }} as accounts
    where accounts.valid_to is null

),

normal as (

    select
        links.customer_id,
        addresses.source_system,
        addresses.source_id,
        {{ normal_name('addresses.name') }} as name,
        {{ plain_words('addresses.street') }} as street,
        {{ plain_words('addresses.city') }} as city,
        {{ replace_pattern(plain_words('addresses.postcode'), ' ', '') }} as postcode
    from addresses
    inner join {{ ref('int_identity_links') }} as links
        on
            addresses.source_system = links.source_system
            and addresses.source_id = links.source_id
    where addresses.name is not null and addresses.street is not null

),

-- A customer's own records say the same: one of them stands for all.
distinct_addresses as (

    select
        normal.*,
        row_number() over (
            partition by
                normal.customer_id, normal.name, normal.street, normal.city, normal.postcode
            order by normal.source_system desc, normal.source_id
        ) as record_rank
    from normal
    where normal.name is not null and normal.street <> ''

),

blocks as (

    select
        'postcode' as block_kind,
        concat(
            distinct_addresses.postcode, '|', substr(distinct_addresses.name, 1, 3)
        ) as block_key,
        distinct_addresses.*
    from distinct_addresses
    where distinct_addresses.record_rank = 1 and distinct_addresses.postcode <> ''
    union all
    select
        'town' as block_kind,
        concat(distinct_addresses.city, '|', substr(distinct_addresses.name, 1, 4)) as block_key,
        distinct_addresses.*
    from distinct_addresses
    where distinct_addresses.record_rank = 1 and distinct_addresses.city <> ''

),

counted as (

    select
        blocks.*,
        min(blocks.customer_id) over (partition by blocks.block_kind, blocks.block_key)
            as first_customer_id,
        max(blocks.customer_id) over (partition by blocks.block_kind, blocks.block_key)
            as last_customer_id,
        row_number() over (
            partition by blocks.block_kind, blocks.block_key
            order by blocks.customer_id, blocks.source_system desc, blocks.source_id
        ) as block_rank
    from blocks

)

select
    counted.block_kind,
    counted.block_key,
    counted.block_rank,
    counted.block_rank <= {{ identity_setting('block_records') }} as is_compared,
    counted.customer_id,
    counted.source_system,
    counted.source_id,
    counted.name,
    counted.street
from counted
where counted.first_customer_id <> counted.last_customer_id
