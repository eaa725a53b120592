with source as (

    {{ known_versions(source('billing', 'exchange_rates'), ['currency'], 'rate_date') }}

)

select
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    source.rate,
    source._valid_from as valid_from,
    source._valid_to as valid_to
from source
