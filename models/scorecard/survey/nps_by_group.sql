{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    survey_groups.as_of_date,
    survey_groups.period_months,
    survey_groups.programme_id,
    survey_groups.group_kind,
    survey_groups.group_value,
    survey_groups.delivered_count,
    survey_groups.answered_count,
    round(survey_groups.response_ratio, 6) as response_ratio,
    round(survey_groups.response_low, 6) as response_low,
    round(survey_groups.response_high, 6) as response_high,
    survey_groups.is_response_low_n,
    survey_groups.nps_count,
    survey_groups.promoter_count,
    survey_groups.passive_count,
    survey_groups.detractor_count,
    round(survey_groups.nps, 6) as nps,
    round(survey_groups.nps_standard_error, 6) as nps_standard_error,
    round(survey_groups.nps_low, 6) as nps_low,
    round(survey_groups.nps_high, 6) as nps_high,
    round(survey_groups.weighted_nps, 6) as weighted_nps,
    round(survey_groups.weighted_nps_standard_error, 6) as weighted_nps_standard_error,
    round(survey_groups.nps_change, 6) as nps_change,
    round(survey_groups.nps_change_margin, 6) as nps_change_margin,
    survey_groups.is_nps_change_real,
    survey_groups.is_nps_low_n as is_low_n
from {{ ref('ind_survey_groups') }} as survey_groups
inner join run_months
    on
        survey_groups.as_of_date >= run_months.first_month
        and survey_groups.as_of_date <= run_months.last_month
