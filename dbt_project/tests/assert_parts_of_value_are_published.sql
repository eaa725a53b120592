-- A profile that has a node of current value, potential or relationship publishes its coverage for
-- every customer; segments are made of these three.
with nodes as (

    select
        weights.profile,
        weights.as_of_date,
        max(case when weights.node_id in ('current_value', 'current') then 1 else 0 end) = 1
            as has_current_value,
        max(case when weights.node_id = 'potential' then 1 else 0 end) = 1 as has_potential,
        max(case when weights.node_id = 'relationship' then 1 else 0 end) = 1
            as has_relationship
    from {{ ref('scr_weights') }} as weights
    group by weights.profile, weights.as_of_date

)

select
    scores.profile,
    scores.as_of_date,
    count(*) as customers
from {{ ref('scr_scores') }} as scores
inner join nodes
    on scores.profile = nodes.profile and scores.as_of_date = nodes.as_of_date
where
    nodes.has_current_value <> (scores.current_value_coverage is not null)
    or nodes.has_potential <> (scores.potential_coverage is not null)
    or nodes.has_relationship <> (scores.relationship_coverage is not null)
group by scores.profile, scores.as_of_date
