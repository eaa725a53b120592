with source as (

    {{ known_rows(source('organisation', 'ahp_judgements')) }}

)

select
    trim(source.matrix_id) as matrix_id,
    trim(source.row_criterion) as row_criterion,
    trim(source.column_criterion) as column_criterion,
    source.preference,
    trim(source.assessor_id) as assessor_id,
    source.judged_on
from source
