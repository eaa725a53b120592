{#- Grain: one row per anchor, standard and span of days [valid_from, valid_to) in which it held.
    The anchors are a seed. -#}
select
    anchors.anchor_id,
    anchors.metric,
    anchors.anchor_name,
    anchors.metric_name,
    anchors.journey_stage,
    anchors.trigger_event,
    cast(anchors.standard as decimal(9, 2)) as standard,
    anchors.unit,
    anchors.is_critical,
    cast(anchors.weight as decimal(9, 2)) as weight,
    cast(anchors.target as decimal(9, 4)) as target,
    anchors.measured_fact,
    cast(anchors.valid_from as date) as valid_from,
    lead(cast(anchors.valid_from as date)) over (
        partition by anchors.anchor_id, anchors.metric order by anchors.valid_from
    ) as valid_to
from {{ ref('anchors') }} as anchors
