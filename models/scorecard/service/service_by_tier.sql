{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    service_tiers.as_of_date,
    service_tiers.period_months,
    service_tiers.tier,
    service_tiers.kind_group,
    service_tiers.measured_months,
    service_tiers.ticket_count,
    service_tiers.still_open_count,
    round(service_tiers.still_open_ratio, 6) as still_open_ratio,
    service_tiers.resolved_count,
    round(service_tiers.resolution_minutes_mean, 6) as resolution_minutes_mean,
    round(service_tiers.resolution_minutes_p50, 6) as resolution_minutes_p50,
    round(service_tiers.resolution_minutes_p90, 6) as resolution_minutes_p90,
    service_tiers.business_resolved_count,
    round(service_tiers.resolution_business_minutes_mean, 6) as resolution_business_minutes_mean,
    round(service_tiers.resolution_business_minutes_p50, 6) as resolution_business_minutes_p50,
    round(service_tiers.resolution_business_minutes_p90, 6) as resolution_business_minutes_p90,
    round(service_tiers.median_resolution_minutes, 6) as median_resolution_minutes,
    service_tiers.median_method,
    service_tiers.replied_count,
    round(service_tiers.first_reply_minutes_mean, 6) as first_reply_minutes_mean,
    service_tiers.business_replied_count,
    round(service_tiers.first_reply_business_minutes_mean, 6) as first_reply_business_minutes_mean,
    service_tiers.bot_replied_count,
    round(service_tiers.first_bot_reply_minutes_mean, 6) as first_bot_reply_minutes_mean,
    service_tiers.sla_met_cases,
    round(service_tiers.sla_met_ratio, 6) as sla_met_ratio,
    round(service_tiers.sla_met_low, 6) as sla_met_low,
    round(service_tiers.sla_met_high, 6) as sla_met_high,
    service_tiers.first_reply_sla_met_cases,
    round(service_tiers.first_reply_sla_met_ratio, 6) as first_reply_sla_met_ratio,
    round(service_tiers.first_reply_sla_met_low, 6) as first_reply_sla_met_low,
    round(service_tiers.first_reply_sla_met_high, 6) as first_reply_sla_met_high,
    service_tiers.first_contact_cases,
    round(service_tiers.first_contact_ratio, 6) as first_contact_ratio,
    round(service_tiers.first_contact_low, 6) as first_contact_low,
    round(service_tiers.first_contact_high, 6) as first_contact_high,
    service_tiers.first_contact_net_cases,
    round(service_tiers.first_contact_net_ratio, 6) as first_contact_net_ratio,
    round(service_tiers.first_contact_net_low, 6) as first_contact_net_low,
    round(service_tiers.first_contact_net_high, 6) as first_contact_net_high,
    service_tiers.reopen_cases,
    round(service_tiers.reopen_ratio, 6) as reopen_ratio,
    round(service_tiers.reopen_low, 6) as reopen_low,
    round(service_tiers.reopen_high, 6) as reopen_high,
    service_tiers.answered_cases,
    round(service_tiers.answered_ratio, 6) as answered_ratio,
    round(service_tiers.answered_low, 6) as answered_low,
    round(service_tiers.answered_high, 6) as answered_high,
    service_tiers.sla_pending_count,
    service_tiers.first_reply_sla_pending_count,
    service_tiers.first_contact_pending_count,
    service_tiers.is_final,
    service_tiers.open_count,
    round(service_tiers.open_age_days_mean, 6) as open_age_days_mean,
    service_tiers.open_age_days_max,
    service_tiers.is_low_n,
    service_tiers.is_first_contact_low_n,
    service_tiers.is_sla_low_n
from {{ ref('ind_service_tiers') }} as service_tiers
inner join run_months
    on
        service_tiers.as_of_date >= run_months.first_month
        and service_tiers.as_of_date <= run_months.last_month
