with source as (

    {{ known_versions(
        source('organisation', 'targets'),
        ['metric_id', 'scope', 'scope_value', 'target_month'],
        'set_on'
    ) }}

)

select
    trim(source.metric_id) as metric_id,
    trim(source.scope) as scope,
    trim(source.scope_value) as scope_value,
    source.target_month,
    source.target_value,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
