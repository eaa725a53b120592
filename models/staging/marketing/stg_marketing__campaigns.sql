with source as (

    {{ known_versions(source('marketing', 'campaigns'), ['campaign_id'], 'updated_at') }}

)

select
    trim(source.campaign_id) as campaign_id,
    trim(source.campaign_name) as campaign_name,
    trim(source.channel) as channel,
    trim(source.objective) as objective,
    source.starts_on,
    source.ends_on,
    trim(source.experiment_id) as experiment_id,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
