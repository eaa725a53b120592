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

-- Grouped by record, or the engine would compute the forms both to keep a row and to show it.
normal as (

    select
        addresses.source_system,
        addresses.source_id,
        max({{ normal_name('addresses.name') }}) as name,
        max({{ plain_words('addresses.street') }}) as street,
        max({{ plain_words('addresses.city') }}) as city,
        max({{ replace_pattern(plain_words('addresses.postcode'), ' ', '') }}) as postcode
    from addresses
    where addresses.name is not null and addresses.street is not null
    group by addresses.source_system, addresses.source_id

),

-- A customer's own records say the same: one of them stands for all.
distinct_addresses as (

    select
        links.customer_id,
        normal.name,
        normal.street,
        normal.city,
        normal.postcode,
        min(case when normal.source_system = 'crm' then normal.source_id end) as crm_id,
        min(case when normal.source_system = 'billing' then normal.source_id end) as billing_id
    from normal
    inner join {{ ref('int_identity_links') }} as links
        on normal.source_system = links.source_system and normal.source_id = links.source_id
    where normal.name <> '' and normal.street <> ''
    group by links.customer_id, normal.name, normal.street, normal.city, normal.postcode

),

blocks as (

    select
        'postcode' as block_kind,
        concat(
            distinct_addresses.postcode, '|', substr(distinct_addresses.name, 1, 3)
        ) as block_key,
        distinct_addresses.*
    from distinct_addresses
    where distinct_addresses.postcode <> ''
    union all
    select
        'town' as block_kind,
        concat(distinct_addresses.city, '|', substr(distinct_addresses.name, 1, 4)) as block_key,
        distinct_addresses.*
    from distinct_addresses
    where distinct_addresses.city <> ''

),

shared as (

    select
        blocks.block_kind,
        blocks.block_key
    from blocks
    group by blocks.block_kind, blocks.block_key
    having min(blocks.customer_id) <> max(blocks.customer_id)

),

ranked as (

    select
        blocks.*,
        row_number() over (
            partition by blocks.block_kind, blocks.block_key
            order by
                blocks.customer_id, blocks.crm_id, blocks.billing_id, blocks.name, blocks.street
        ) as block_rank
    from blocks
    inner join shared
        on blocks.block_kind = shared.block_kind and blocks.block_key = shared.block_key

)

select
    ranked.block_kind,
    ranked.block_key,
    ranked.block_rank,
    ranked.block_rank <= {{ identity_setting('block_records') }} as is_compared,
    ranked.customer_id,
    case when ranked.crm_id is null then 'billing' else 'crm' end as source_system,
    coalesce(ranked.crm_id, ranked.billing_id) as source_id,
    ranked.name,
    ranked.street
from ranked
