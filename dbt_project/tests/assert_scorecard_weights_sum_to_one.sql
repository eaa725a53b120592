-- Siblings of a scorecard's tree weigh 1 together on every day from which a weight holds, else the
-- configuration is refused (C1).
with changes as (

    select distinct
        nodes.profile,
        nodes.valid_from as changed_on
    from {{ ref('scorecard_nodes') }} as nodes
    union
    select distinct
        nodes.profile,
        nodes.valid_until as changed_on
    from {{ ref('scorecard_nodes') }} as nodes
    where nodes.valid_until is not null

)

select
    changes.changed_on,
    nodes.profile,
    nodes.parent_id,
    sum(nodes.weight) as weight_sum
from changes
inner join {{ ref('scorecard_nodes') }} as nodes
    on
        changes.profile = nodes.profile
        and {{ holds_on('changes.changed_on', 'nodes.valid_from', 'nodes.valid_until') }}
group by changes.changed_on, nodes.profile, nodes.parent_id
having abs(sum(nodes.weight) - 1) > 0.000000001
