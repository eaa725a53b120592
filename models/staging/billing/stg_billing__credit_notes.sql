with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

source as (

    select * from {{ source('billing', 'credit_notes') }}

)

select
    source.credit_line_id,
    trim(source.credit_note_id) as credit_note_id,
    trim(source.customer_id) as source_customer_id,
    upper(trim(source.product_id)) as product_id,
    trim(source.description) as line_text,
    source.source_extract,
    source.quantity,
    source.unit_price,
    cast(source.quantity * source.unit_price as decimal(18, 4)) as amount,
    source.credited_at
from source
inner join run_window on source._load_id <= run_window.known_load_id
