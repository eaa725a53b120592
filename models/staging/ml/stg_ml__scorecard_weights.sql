with source as (

    select * from {{ source('ml', 'scorecard_weights') }}

)

select
    source.profile,
    source.parent_node_id,
    source.node_id,
    source.in_force_from,
    source.in_force_until,
    source.weighting,
    source.method,
    source.weight,
    source.seed_weight,
    source.ahp_weight,
    source.entropy_weight,
    source.entropy,
    source.beta,
    source.matrix_id,
    source.judged_from,
    source.assessor_count,
    source.lambda_max,
    source.consistency_ratio,
    source.random_index,
    source.review_date,
    source.n_customers,
    source.note
from source
