{#- Grain: one row per state, source system and identifier: whose it is in that state.

    Records of erased persons say nothing any more by which they could be linked: they stay with the
    customer with whom they were, as far as the evidence of then was known in the state. -#}
with {{ records_as_known() }},

anchors as (

    select * from {{ ref('int_identity_anchors') }}

),

by_rule as (

    select
        anchors.as_known,
        anchors.source_system,
        anchors.source_id,
        anchors.customer_id,
        anchors.link_method,
        anchors.link_score,
        anchors.evidence_load_id
    from anchors
    union all
    select
        records.as_known,
        records.source_system,
        records.source_id,
        coalesce(stated_customers.customer_id, matches.customer_id) as customer_id,
        case
            when stated_customers.customer_id is not null then stated.link_method
            when matches.customer_id is not null then matches.link_method
            else 'unresolved'
        end as link_method,
        case
            when stated_customers.customer_id is not null then {{ identity_score('stated') }}
            else matches.link_score
        end as link_score,
        case
            when stated_customers.customer_id is not null then stated.evidence_load_id
            else matches.evidence_load_id
        end as evidence_load_id
    from records
    left join {{ ref('int_identity_stated') }} as stated
        on
            records.as_known = stated.as_known
            and records.source_system = stated.source_system
            and records.source_id = stated.source_id
    left join anchors as stated_customers
        on
            stated.as_known = stated_customers.as_known
            and stated.other_system = stated_customers.source_system
            and stated.other_id = stated_customers.source_id
    left join {{ ref('int_identity_matches') }} as matches
        on
            records.as_known = matches.as_known
            and records.source_system = matches.source_system
            and records.source_id = matches.source_id
            and matches.refused_reason is null
    where records.source_system not in ('crm', 'billing')

),

erased as (

    select
        states.as_known,
        erased_links.source_system,
        erased_links.source_id,
        erased_links.customer_id,
        erased_links.link_method,
        erased_links.link_score,
        erased_links.evidence_load_id
    from {{ ref('stg_control__erased_links') }} as erased_links
    inner join {{ ref('int_identity_states') }} as states
        on coalesce(erased_links.evidence_load_id, 0) <= states.load_limit

)

select
    by_rule.as_known,
    by_rule.source_system,
    by_rule.source_id,
    coalesce(erased.customer_id, by_rule.customer_id) as customer_id,
    coalesce(erased.link_method, by_rule.link_method) as link_method,
    coalesce(erased.link_score, by_rule.link_score) as link_score,
    case
        when erased.customer_id is null then by_rule.evidence_load_id
        else erased.evidence_load_id
    end as evidence_load_id
from by_rule
left join erased
    on
        by_rule.as_known = erased.as_known
        and by_rule.source_system = erased.source_system
        and by_rule.source_id = erased.source_id
