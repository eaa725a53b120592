{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    anchor_projects.as_of_date,
    anchor_projects.project_id,
    anchor_projects.title,
    anchor_projects.anchor_id,
    anchor_projects.metric,
    anchor_projects.picked_month,
    anchor_projects.rollout_started_on,
    anchor_projects.rollout_ended_on,
    anchor_projects.comparison_anchor_id,
    anchor_projects.status,
    anchor_projects.before_days,
    anchor_projects.after_days,
    anchor_projects.before_count,
    round(anchor_projects.before_attainment, 6) as before_attainment,
    anchor_projects.after_count,
    round(anchor_projects.after_attainment, 6) as after_attainment,
    anchor_projects.pending_count,
    round(anchor_projects.difference, 6) as difference,
    round(anchor_projects.difference_low, 6) as difference_low,
    round(anchor_projects.difference_high, 6) as difference_high,
    round(anchor_projects.comparison_difference, 6) as comparison_difference,
    round(anchor_projects.net_difference, 6) as net_difference,
    round(anchor_projects.net_difference_low, 6) as net_difference_low,
    round(anchor_projects.net_difference_high, 6) as net_difference_high,
    anchor_projects.is_beyond_chance,
    anchor_projects.evidence,
    anchor_projects.is_season_different,
    anchor_projects.is_low_n
from {{ ref('ind_anchor_projects') }} as anchor_projects
inner join run_months
    on
        anchor_projects.as_of_date >= run_months.first_month
        and anchor_projects.as_of_date <= run_months.last_month
