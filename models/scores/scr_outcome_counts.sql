{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('churn_label_months') + 2},
) }}
{#- Grain: one row per month end, profile, kind of leaving, band and score to a hundredth of a
    point. What became of the customers in the six months after. Counts can be added over months,
    ranks cannot. -#}
with run_months as (

    {{ run_months(months_back=var('churn_label_months') + 2) }}

)

select
    scores.as_of_date,
    scores.profile,
    scores.kind,
    churn_labels.label_kind,
    scores.band,
    cast(round(scores.score, 2) as decimal(9, 2)) as score,
    count(churn_labels.is_churned) as known_count,
    sum(case when churn_labels.is_churned then 1 else 0 end) as churned_count,
    sum(
        case
            when churn_labels.is_eligible and not churn_labels.is_label_complete then 1
            else 0
        end
    ) as pending_count,
    count(upsell_labels.is_expanded) as expansion_known_count,
    sum(case when upsell_labels.is_expanded then 1 else 0 end) as expanded_count
from {{ ref('customer_scorecard') }} as scores
inner join run_months
    on
        scores.as_of_date >= run_months.first_month
        and scores.as_of_date <= run_months.last_month
left join {{ ref('ftr_churn_labels') }} as churn_labels
    on
        scores.customer_id = churn_labels.customer_id
        and scores.as_of_date = churn_labels.as_of_date
left join {{ ref('ftr_upsell_labels') }} as upsell_labels
    on
        scores.customer_id = upsell_labels.customer_id
        and scores.as_of_date = upsell_labels.as_of_date
where churn_labels.is_eligible or upsell_labels.is_expanded is not null
group by
    scores.as_of_date,
    scores.profile,
    scores.kind,
    churn_labels.label_kind,
    scores.band,
    cast(round(scores.score, 2) as decimal(9, 2))
