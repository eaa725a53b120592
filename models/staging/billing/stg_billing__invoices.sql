with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

source as (

    select * from {{ source('billing', 'invoices') }}

)

select
    trim(source.invoice_id) as invoice_id,
    trim(source.customer_id) as source_customer_id,
    trim(source.country) as country,
    source.currency as currency_code,
    source.invoiced_at
from source
inner join run_window on source._load_id <= run_window.known_load_id
