{#- Grain: one row per month end, profile that scores the portfolio and node that is no measure. -#}
select
    nodes.as_of_date,
    nodes.profile,
    nodes.node_id,
    weights.parent_id,
    weights.depth,
    weights.label,
    weights.label_zh,
    case when {{ is_enough('nodes.coverage') }} then round(nodes.score, 6) end as score,
    round(nodes.coverage, 6) as coverage,
    case
        when nodes.score is null or not {{ is_enough('nodes.coverage') }}
            then 'insufficient_evidence'
        else 'published'
    end as status,
    round(weights.weight, 6) as weight,
    round(nodes.effective_weight, 6) as effective_weight
from {{ ref('scr_portfolio_nodes') }} as nodes
inner join {{ ref('scr_weights') }} as weights
    on
        nodes.profile = weights.profile
        and nodes.as_of_date = weights.as_of_date
        and nodes.node_id = weights.node_id
where weights.node_kind <> 'measure'
