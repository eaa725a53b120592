with source as (

    select * from {{ source('ml', 'ahp_matrices') }}

)

select
    source.matrix_id,
    source.in_force_from,
    source.row_criterion,
    source.column_criterion,
    source.preference,
    source.lowest_preference,
    source.highest_preference,
    source.assessor_count,
    source.criterion_count,
    source.lambda_max,
    source.consistency_index,
    source.consistency_ratio,
    source.random_index,
    source.worst_triad
from source
