with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

source as (

    select * from {{ source('crm', 'customers') }}

),

-- A later load that speaks of the same version corrects it.
ranked as (

    select
        source.*,
        row_number() over (
            partition by source.customer_id, source.updated_at
            order by source._load_id desc, source._line desc
        ) as correction_rank
    from source
    inner join run_window on source._load_id <= run_window.known_load_id

),

renamed as (

    select
        trim(ranked.customer_id) as crm_customer_id,
        trim(ranked.country) as country,
        ranked.first_seen_at,
        ranked.updated_at as valid_from,
        lead(ranked.updated_at) over (
            partition by ranked.customer_id order by ranked.updated_at
        ) as valid_to
    from ranked
    where ranked.correction_rank = 1

)

select
    renamed.crm_customer_id,
    renamed.country,
    renamed.first_seen_at,
    renamed.valid_from,
    renamed.valid_to
from renamed
