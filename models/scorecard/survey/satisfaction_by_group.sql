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
    survey_groups.csat_count,
    round(survey_groups.csat_top_two_ratio, 6) as csat_top_two_ratio,
    round(survey_groups.csat_top_two_low, 6) as csat_top_two_low,
    round(survey_groups.csat_top_two_high, 6) as csat_top_two_high,
    round(survey_groups.csat_mean_score, 6) as csat_mean_score,
    survey_groups.is_csat_low_n,
    survey_groups.ces_count,
    round(survey_groups.ces_easy_ratio, 6) as ces_easy_ratio,
    round(survey_groups.ces_easy_low, 6) as ces_easy_low,
    round(survey_groups.ces_easy_high, 6) as ces_easy_high,
    round(survey_groups.ces_mean, 6) as ces_mean,
    survey_groups.is_ces_low_n,
    survey_groups.fcr_count,
    round(survey_groups.fcr_yes_ratio, 6) as fcr_yes_ratio,
    round(survey_groups.fcr_yes_low, 6) as fcr_yes_low,
    round(survey_groups.fcr_yes_high, 6) as fcr_yes_high,
    survey_groups.is_fcr_low_n
from {{ ref('ind_survey_groups') }} as survey_groups
inner join run_months
    on
        survey_groups.as_of_date >= run_months.first_month
        and survey_groups.as_of_date <= run_months.last_month
