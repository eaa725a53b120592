{#- Grain: one row per source record that was known at the completed run before and has another
    customer now: what the evidence that came since changed. -#}
with before_links as (

    select link_states.*
    from {{ ref('int_identity_link_states') }} as link_states
    where link_states.as_known = 'before'

),

links as (

    select * from {{ ref('int_identity_links') }}

),

customers_before as (

    select distinct before_links.customer_id
    from before_links
    where before_links.customer_id is not null

),

changed as (

    select
        before_links.source_system,
        before_links.source_id,
        before_links.customer_id as customer_id_before,
        links.customer_id as customer_id_after,
        links.link_method,
        links.link_score,
        links.evidence_load_id,
        {{ month_end('records.first_recorded_at') }} as first_month
    from before_links
    inner join links
        on
            before_links.source_system = links.source_system
            and before_links.source_id = links.source_id
    inner join {{ ref('int_identity_records') }} as records
        on links.source_system = records.source_system and links.source_id = records.source_id
    where coalesce(before_links.customer_id, '') <> coalesce(links.customer_id, '')

),

touched as (

    select changed.customer_id_before as customer_id
    from changed
    where changed.customer_id_before is not null
    union
    select changed.customer_id_after as customer_id
    from changed
    where changed.customer_id_after is not null

),

members as (

    select
        touched.customer_id,
        links.source_system,
        links.source_id,
        true as is_now
    from touched
    inner join links on touched.customer_id = links.customer_id
    union all
    select
        touched.customer_id,
        before_links.source_system,
        before_links.source_id,
        false as is_now
    from touched
    inner join before_links on touched.customer_id = before_links.customer_id

),

spans as (

    select
        members.customer_id,
        min({{ month_end(
            'least(records.first_recorded_at, '
            ~ 'coalesce(records.first_seen_at, records.first_recorded_at))'
        ) }}) as first_month,
        max(case when members.is_now then 1 else 0 end) as is_now
    from members
    inner join {{ ref('int_identity_records') }} as records
        on
            members.source_system = records.source_system
            and members.source_id = records.source_id
    group by members.customer_id

)

select
    changed.source_system,
    changed.source_id,
    changed.customer_id_before,
    changed.customer_id_after,
    case
        when changed.customer_id_before is null then 'new_link'
        when changed.customer_id_after is null then 'unlinked'
        when customers_before.customer_id is not null and spans_before.is_now = 0 then 'merge'
        when customers_before.customer_id is null and spans_before.is_now = 1 then 'split'
        when customers_before.customer_id is null then 'rekeyed'
        else 'moved'
    end as change_kind,
    changed.link_method,
    changed.link_score,
    changed.evidence_load_id,
    -- A record of the CRM or billing takes the customer's whole history along, another its facts.
    case
        when changed.source_system in ('crm', 'billing')
            then least(
                coalesce(spans_before.first_month, changed.first_month),
                coalesce(spans_after.first_month, changed.first_month)
            )
        else changed.first_month
    end as affected_from_month
from changed
left join customers_before on changed.customer_id_after = customers_before.customer_id
left join spans as spans_before on changed.customer_id_before = spans_before.customer_id
left join spans as spans_after on changed.customer_id_after = spans_after.customer_id
