with measured as (

    select {{ dbt.listagg('systems.source_system', "', '", 'order by systems.source_system') }}
        as measured_systems
    from {{ ref('stg_control__systems') }} as systems
    inner join {{ ref('stg_control__run_window') }} as run_window
        on systems.first_measured_month <= run_window.last_month

)

select
    company.company_name,
    company.is_simulated,
    company.note,
    cast('{{ var("reporting_currency", "GBP") }}' as varchar) as reporting_currency,
    run_window.history_start as first_month,
    run_window.last_month,
    measured.measured_systems
from {{ ref('stg_control__company') }} as company
cross join {{ ref('stg_control__run_window') }} as run_window
cross join measured
