with source as (

    {{ known_rows(source('marketing', 'channel_spend')) }}

)

select
    trim(source.channel) as channel,
    source.spend_month,
    trim(source.spend_kind) as spend_kind,
    source.amount,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent
from source
