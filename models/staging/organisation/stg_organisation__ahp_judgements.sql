with source as (

    {{ known_versions(
        source('organisation', 'ahp_judgements'),
        ['matrix_id', 'row_criterion', 'column_criterion', 'assessor_id'],
        'judged_on'
    ) }}

)

select
    trim(source.matrix_id) as matrix_id,
    trim(source.row_criterion) as row_criterion,
    trim(source.column_criterion) as column_criterion,
    source.preference,
    trim(source.assessor_id) as assessor_id,
    source.judged_on
from source
