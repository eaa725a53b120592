{#- Grain: one row per judged matrix, month end from which it is in force, and pair of criteria. -#}
select
    pairs.matrix_id,
    pairs.in_force_from,
    pairs.row_criterion,
    pairs.column_criterion,
    round(pairs.preference, 6) as preference,
    round(pairs.lowest_preference, 6) as lowest_preference,
    round(pairs.highest_preference, 6) as highest_preference,
    pairs.assessor_count,
    pairs.criterion_count,
    round(pairs.lambda_max, 6) as lambda_max,
    round(pairs.consistency_index, 6) as consistency_index,
    round(pairs.consistency_ratio, 6) as consistency_ratio,
    pairs.random_index,
    pairs.worst_triad
from {{ ref('stg_ml__ahp_matrices') }} as pairs
