{#- Grain: one row per state and record of the CRM or billing: its customer. These two systems alone
    make customers; no optional system changes a row here. -#}
with {{ records_as_known() }},

crm_customers as (

    select
        crm_customers.*,
        'crm' as source_system
    from {{ ref('int_identity_crm_customers') }} as crm_customers

),

stated as (

    select * from {{ ref('int_identity_stated') }}

),

links as (

    select
        pairs.as_known,
        pairs.source_id,
        pairs.other_id,
        pairs.link_method,
        pairs.link_score,
        pairs.evidence_load_id
    from {{ ref('int_identity_billing_pairs') }} as pairs
    where pairs.refused_reason is null

),

{{ connected_labels() }},

groups as (

    select
        labels.as_known,
        labels.source_id,
        first_value(labels.source_id) over (
            partition by labels.label_key
            order by records.first_recorded_at, labels.source_id
        ) as anchor_id
    from labels
    inner join records
        on
            labels.as_known = records.as_known
            and labels.source_id = records.source_id
            and records.source_system = 'billing'

),

best_links as (

    select
        ends.as_known,
        ends.source_id,
        max(ends.link_score) as link_score,
        min(ends.evidence_load_id) as evidence_load_id
    from ends
    group by ends.as_known, ends.source_id

),

-- What the rules and the CRM's numbers say of a billing record, and its own number otherwise. A
-- record of its own has a key apart from the CRM's: their numbers may be the same by chance.
by_rule as (

    select
        records.as_known,
        records.source_id,
        coalesce(
            exact_customers.customer_id,
            matches.customer_id,
            {{ customer_key(
                "case when records.has_version then concat('billing:', "
                ~ "coalesce(groups.anchor_id, records.source_id)) else records.source_id end"
            ) }}
        ) as customer_id,
        case
            when exact_customers.customer_id is not null then stated.link_method
            when matches.customer_id is not null then matches.link_method
            when groups.anchor_id <> records.source_id then 'email'
            else 'own_id'
        end as link_method,
        case
            when exact_customers.customer_id is not null then {{ identity_score('stated') }}
            when matches.customer_id is not null then matches.link_score
            when groups.anchor_id <> records.source_id then best_links.link_score
            else {{ identity_score('stated') }}
        end as link_score,
        case
            when exact_customers.customer_id is not null then stated.evidence_load_id
            when matches.customer_id is not null then matches.evidence_load_id
            when groups.anchor_id <> records.source_id then best_links.evidence_load_id
            else records.first_load_id
        end as evidence_load_id
    from records
    left join stated
        on
            records.as_known = stated.as_known
            and records.source_system = stated.source_system
            and records.source_id = stated.source_id
    left join crm_customers as exact_customers
        on
            stated.as_known = exact_customers.as_known
            and stated.other_system = exact_customers.source_system
            and stated.other_id = exact_customers.source_id
    left join {{ ref('int_identity_billing_matches') }} as matches
        on
            records.as_known = matches.as_known
            and records.source_system = matches.source_system
            and records.source_id = matches.source_id
            and matches.refused_reason is null
    left join groups
        on records.as_known = groups.as_known and records.source_id = groups.source_id
    left join best_links
        on records.as_known = best_links.as_known and records.source_id = best_links.source_id
    where records.source_system = 'billing'

)

select
    crm_customers.as_known,
    'crm' as source_system,
    crm_customers.source_id,
    crm_customers.customer_id,
    crm_customers.link_method,
    crm_customers.link_score,
    crm_customers.evidence_load_id
from crm_customers
union all
select
    by_rule.as_known,
    'billing' as source_system,
    by_rule.source_id,
    coalesce(joined_to.customer_id, by_rule.customer_id) as customer_id,
    case when joined_to.customer_id is null then by_rule.link_method else 'manual' end
        as link_method,
    case
        when joined_to.customer_id is null then by_rule.link_score
        else {{ identity_score('stated') }}
    end as link_score,
    case when joined_to.customer_id is null then by_rule.evidence_load_id end as evidence_load_id
from by_rule
left join stated
    on
        by_rule.as_known = stated.as_known
        and by_rule.source_id = stated.source_id
        and stated.source_system = 'billing'
        and stated.other_system = 'billing'
left join by_rule as joined_to
    on stated.as_known = joined_to.as_known and stated.other_id = joined_to.source_id
