{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('churn_label_months') + 2},
) }}
{#- Grain: one row per customer who left within six months, month end before that and profile, with
    the score that was published then. Labels look ahead, so a run also rebuilds the months before
    its own. -#}
with run_months as (

    {{ run_months(months_back=var('churn_label_months') + 2) }}

)

select
    churn_labels.customer_id,
    churn_labels.as_of_date,
    scores.profile,
    scores.kind,
    scores.tier,
    scores.score,
    scores.coverage,
    scores.band,
    churn_labels.label_kind,
    churn_labels.churn_date,
    churn_labels.churn_reason
from {{ ref('ftr_churn_labels') }} as churn_labels
inner join run_months
    on
        churn_labels.as_of_date >= run_months.first_month
        and churn_labels.as_of_date <= run_months.last_month
inner join {{ ref('customer_scorecard') }} as scores
    on
        churn_labels.customer_id = scores.customer_id
        and churn_labels.as_of_date = scores.as_of_date
where churn_labels.is_churned
