{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    self_service.as_of_date,
    self_service.period_months,
    self_service.bot_ticket_count,
    self_service.bot_containment_cases,
    self_service.bot_containment_pending_count,
    round(self_service.bot_containment_ratio, 6) as bot_containment_ratio,
    round(self_service.bot_containment_low, 6) as bot_containment_low,
    round(self_service.bot_containment_high, 6) as bot_containment_high,
    self_service.is_bot_containment_low_n,
    self_service.help_centre_visit_count,
    self_service.help_centre_cases,
    self_service.help_centre_pending_count,
    round(self_service.help_centre_ratio, 6) as help_centre_ratio,
    round(self_service.help_centre_low, 6) as help_centre_low,
    round(self_service.help_centre_high, 6) as help_centre_high,
    self_service.is_help_centre_low_n
from {{ ref('ind_self_service') }} as self_service
inner join run_months
    on
        self_service.as_of_date >= run_months.first_month
        and self_service.as_of_date <= run_months.last_month
