with source as (

    {{ known_versions(source('organisation', 'anchor_projects'), ['project_id'], 'updated_at') }}

)

select
    trim(source.project_id) as project_id,
    trim(source.title) as title,
    trim(source.anchor_id) as anchor_id,
    coalesce(trim(source.metric), 'all') as metric,
    source.metric as metric_as_sent,
    source.picked_month,
    source.rollout_started_on,
    source.rollout_ended_on,
    trim(source.comparison_anchor_id) as comparison_anchor_id,
    source.is_randomised,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
