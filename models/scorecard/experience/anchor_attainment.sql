{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    anchor_attainment.as_of_date,
    anchor_attainment.period_months,
    anchor_attainment.anchor_id,
    anchor_attainment.metric,
    coalesce(standards.metric_name, 'All critical standards') as standard_name,
    anchor_attainment.tier,
    anchor_attainment.measured_months,
    anchor_attainment.occurrence_count,
    anchor_attainment.met_count,
    anchor_attainment.pending_count,
    anchor_attainment.is_final,
    round(anchor_attainment.attainment, 6) as attainment,
    round(anchor_attainment.attainment_low, 6) as attainment_low,
    round(anchor_attainment.attainment_high, 6) as attainment_high,
    anchor_attainment.is_low_n,
    round(anchor_attainment.target_attainment, 6) as target_attainment,
    round(anchor_attainment.gap_to_target, 6) as gap_to_target,
    round(anchor_attainment.impact, 6) as impact,
    anchor_attainment.impact_cases,
    round(anchor_attainment.friction_index, 6) as friction_index,
    anchor_attainment.friction_rank
from {{ ref('ind_anchor_attainment') }} as anchor_attainment
inner join run_months
    on
        anchor_attainment.as_of_date >= run_months.first_month
        and anchor_attainment.as_of_date <= run_months.last_month
left join {{ ref('int_anchor_standards') }} as standards
    on
        anchor_attainment.anchor_id = standards.anchor_id
        and anchor_attainment.metric = standards.metric
        and {{ holds_on(
            'anchor_attainment.as_of_date', 'standards.valid_from', 'standards.valid_to'
        ) }}
