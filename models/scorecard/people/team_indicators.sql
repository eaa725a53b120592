{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    teams.as_of_date,
    teams.period_months,
    teams.scope,
    teams.scope_id,
    teams.measured_months,
    teams.ticket_count,
    teams.resolved_count,
    round(teams.resolution_minutes_mean, 6) as resolution_minutes_mean,
    round(teams.expected_resolution_minutes_mean, 6) as expected_resolution_minutes_mean,
    round(teams.resolution_time_ratio, 6) as resolution_time_ratio,
    round(teams.resolution_time_low, 6) as resolution_time_low,
    round(teams.resolution_time_high, 6) as resolution_time_high,
    teams.resolution_time_standing,
    teams.is_resolution_time_low_n,
    teams.first_contact_cases,
    teams.first_contact_pending_count,
    round(teams.first_contact_ratio, 6) as first_contact_ratio,
    round(teams.first_contact_low, 6) as first_contact_low,
    round(teams.first_contact_high, 6) as first_contact_high,
    teams.first_contact_standing,
    teams.is_first_contact_low_n,
    teams.csat_cases,
    round(teams.csat_ratio, 6) as csat_ratio,
    round(teams.csat_low, 6) as csat_low,
    round(teams.csat_high, 6) as csat_high,
    teams.csat_standing,
    teams.is_csat_low_n,
    teams.quality_review_count,
    round(teams.quality_score, 6) as quality_score,
    round(teams.quality_low, 6) as quality_low,
    round(teams.quality_high, 6) as quality_high,
    teams.quality_standing,
    teams.is_quality_low_n,
    teams.shift_count,
    teams.available_minutes,
    teams.handling_minutes,
    round(teams.noted_ratio, 6) as noted_ratio,
    round(teams.occupancy_ratio, 6) as occupancy_ratio,
    teams.is_over_occupied,
    teams.is_occupancy_low_n
from {{ ref('ind_teams') }} as teams
inner join run_months
    on
        teams.as_of_date >= run_months.first_month
        and teams.as_of_date <= run_months.last_month
