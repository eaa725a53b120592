with source as (

    select * from {{ source('ml', 'text_scores') }}

)

-- Decimal, so that sums are the same in every run.
select
    source.source_table,
    source.item_id,
    source.happened_at,
    source.ticket_id,
    source.response_id,
    source.language,
    cast(source.sentiment as decimal(9, 6)) as sentiment,
    source.topic,
    source.severity,
    source.model_version
from source
