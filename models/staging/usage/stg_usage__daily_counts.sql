with source as (

    {{ known_rows(source('usage', 'daily_counts')) }}

)

select
    trim(source.account_id) as account_id,
    source.usage_date,
    trim(source.event_kind) as event_kind,
    trim(source.feature) as feature,
    source.event_count,
    source.active_users,
    source._load_id as load_id
from source
