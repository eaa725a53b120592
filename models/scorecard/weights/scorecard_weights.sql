{#- Grain: one row per profile that scores customers, node below the root and month end. -#}
with matrices as (

    select
        pairs.matrix_id,
        pairs.in_force_from,
        max(pairs.criterion_count) as criterion_count,
        max(pairs.consistency_index) as consistency_index,
        max(pairs.worst_triad) as worst_triad
    from {{ ref('stg_ml__ahp_matrices') }} as pairs
    group by pairs.matrix_id, pairs.in_force_from

)

select
    nodes.profile,
    nodes.as_of_date,
    nodes.node_id,
    nodes.parent_id as parent_node_id,
    nodes.node_kind,
    nodes.depth,
    nodes.label,
    nodes.label_zh,
    round(nodes.weight, 9) as weight,
    round(nodes.global_weight, 9) as global_weight,
    nodes.method,
    round(nodes.seed_weight, 9) as configured_weight,
    round(computed.ahp_weight, 9) as judged_weight,
    round(computed.entropy_weight, 9) as entropy_weight,
    computed.beta as judged_share,
    computed.matrix_id,
    computed.judged_from,
    computed.assessor_count,
    matrices.criterion_count,
    round(computed.lambda_max, 6) as lambda_max,
    round(matrices.consistency_index, 6) as consistency_index,
    round(computed.consistency_ratio, 6) as consistency_ratio,
    computed.random_index,
    matrices.worst_triad,
    computed.review_date,
    computed.n_customers as review_customer_count,
    round(computed.entropy, 6) as entropy,
    computed.note
from {{ ref('scr_weights') }} as nodes
left join {{ ref('stg_ml__scorecard_weights') }} as computed
    on
        nodes.profile = computed.profile
        and nodes.node_id = computed.node_id
        and {{ holds_on('nodes.as_of_date', 'computed.in_force_from', 'computed.in_force_until') }}
left join matrices
    on
        computed.matrix_id = matrices.matrix_id
        and computed.judged_from = matrices.in_force_from
where nodes.parent_id is not null
