{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    leads.as_of_date,
    leads.period_months,
    leads.channel,
    leads.lead_count,
    leads.responded_count,
    round(leads.response_minutes_mean, 6) as response_minutes_mean,
    round(leads.response_minutes_p50, 6) as response_minutes_p50,
    leads.conversion_cases,
    leads.converted_count,
    round(leads.conversion_ratio, 6) as conversion_ratio,
    round(leads.conversion_low, 6) as conversion_low,
    round(leads.conversion_high, 6) as conversion_high,
    leads.conversion_pending_count,
    leads.is_conversion_low_n,
    round(leads.opportunity_ratio, 6) as opportunity_ratio,
    round(leads.opportunity_low, 6) as opportunity_low,
    round(leads.opportunity_high, 6) as opportunity_high,
    cast(round(leads.channel_spend, 2) as decimal(18, 2)) as channel_spend,
    round(leads.cost_per_lead, 6) as cost_per_lead
from {{ ref('ind_leads') }} as leads
inner join run_months
    on
        leads.as_of_date >= run_months.first_month
        and leads.as_of_date <= run_months.last_month
