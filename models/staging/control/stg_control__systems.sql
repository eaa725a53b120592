with source as (

    select * from {{ source('control', 'systems') }}

)

select
    source.system as source_system,
    source.measured_from,
    source.complete_to,
    source.quiet_days,
    -- A system may be silent for its quiet days: a month that lacks no more than these is whole.
    case
        when cast({{ dbt.date_trunc('month', 'source.measured_from') }} as date) >= cast(
            {{ dbt.dateadd('day', '-source.quiet_days', 'source.measured_from') }} as date
        ) then {{ month_end('source.measured_from') }}
        else {{ month_end_after('source.measured_from', 1) }}
    end as first_measured_month,
    case
        when {{ month_end('source.complete_to') }} <= cast(
            {{ dbt.dateadd('day', 'source.quiet_days', 'source.complete_to') }} as date
        ) then {{ month_end('source.complete_to') }}
        else {{ month_end_after('source.complete_to', -1) }}
    end as last_measured_month
from source
