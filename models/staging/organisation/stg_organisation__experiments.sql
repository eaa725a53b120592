with source as (

    {{ known_versions(source('organisation', 'experiments'), ['experiment_id'], 'updated_at') }}

)

select
    trim(source.experiment_id) as experiment_id,
    trim(source.hypothesis) as hypothesis,
    trim(source.primary_metric) as primary_metric,
    source.treatment_share,
    source.planned_units_per_arm,
    source.minimum_effect,
    source.power,
    source.alpha,
    source.starts_on,
    source.ends_on,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
