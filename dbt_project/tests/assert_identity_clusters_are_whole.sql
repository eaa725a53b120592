-- The rounds that spread the smallest label end somewhere: every accepted pair must have come to
-- one customer. Rows here mean a chain longer than the rounds reach; raise the var
-- `identity_rounds`.
select
    'crm' as source_system,
    pairs.as_known,
    pairs.source_id,
    pairs.other_id
from {{ ref('int_identity_crm_pairs') }} as pairs
inner join {{ ref('int_identity_crm_customers') }} as customers
    on pairs.as_known = customers.as_known and pairs.source_id = customers.source_id
inner join {{ ref('int_identity_crm_customers') }} as others
    on pairs.as_known = others.as_known and pairs.other_id = others.source_id
where pairs.refused_reason is null and customers.customer_id <> others.customer_id
union all
select
    'billing' as source_system,
    pairs.as_known,
    pairs.source_id,
    pairs.other_id
from {{ ref('int_identity_billing_pairs') }} as pairs
inner join {{ ref('int_identity_anchors') }} as customers
    on
        pairs.as_known = customers.as_known
        and pairs.source_id = customers.source_id
        and customers.source_system = 'billing'
inner join {{ ref('int_identity_anchors') }} as others
    on
        pairs.as_known = others.as_known
        and pairs.other_id = others.source_id
        and others.source_system = 'billing'
where pairs.refused_reason is null and customers.customer_id <> others.customer_id
