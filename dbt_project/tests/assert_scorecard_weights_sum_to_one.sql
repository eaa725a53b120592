-- Siblings of a scorecard's tree weigh 1 together, else the configuration is refused (C1).
select
    nodes.profile,
    nodes.parent_id,
    sum(cast(nodes.weight as decimal(18, 12))) as weight_sum
from {{ ref('scorecard_nodes') }} as nodes
group by nodes.profile, nodes.parent_id
having abs(sum(cast(nodes.weight as decimal(18, 12))) - 1) > 0.000000001
