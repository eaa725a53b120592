with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

source as (

    select * from {{ source('billing', 'invoice_lines') }}

)

select
    source.line_id,
    trim(source.invoice_id) as invoice_id,
    upper(trim(source.product_id)) as product_id,
    trim(source.description) as line_text,
    source.source_extract,
    source.quantity,
    source.unit_price,
    cast(source.quantity * source.unit_price as decimal(18, 4)) as amount,
    source.invoiced_at
from source
inner join run_window on source._load_id <= run_window.known_load_id
