with source as (

    {{ known_rows(source('organisation', 'cost_entries')) }}

)

select
    trim(source.entry_id) as entry_id,
    trim(source.department) as department,
    trim(source.cost_kind) as cost_kind,
    trim(source.channel) as channel,
    trim(source.tier) as tier,
    source.amount,
    upper(trim(source.currency)) as currency_code,
    source.currency as currency_as_sent,
    source.cost_month
from source
