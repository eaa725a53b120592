-- A node's place, indicator and scoring never change, only its weight does: a change of a score is
-- of the same measures at both dates. What changes these is a new node.
select
    nodes.profile,
    nodes.node_id
from {{ ref('scorecard_nodes') }} as nodes
group by nodes.profile, nodes.node_id
having
    count(distinct coalesce(nodes.parent_id, '')) > 1
    or count(distinct coalesce(nodes.indicator_id, '')) > 1
    or count(distinct coalesce(nodes.scoring, '')) > 1
