{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end at which payments are measured: the rating that
    counts. The learnt one where it passed its gate and the customer is not bad already; else the
    expert's; neither for who is new or of whom too little is known. -#}
with run_months as (

    {{ run_months() }}

),

ratings as (

    select
        ind_credit.customer_id,
        ind_credit.as_of_date,
        ind_credit.credit_status,
        case
            when predictions.credit_points is not null then 'learnt'
            when ind_credit.credit_status = 'rated' then 'expert'
            else 'unrated'
        end as method,
        coalesce(predictions.credit_points, ind_credit.credit_points) as points,
        predictions.bad_probability,
        case when predictions.credit_points is not null
            then predictions.reason_1
            else ind_credit.credit_main_reason
        end as reason_1,
        predictions.reason_2,
        predictions.reason_3,
        ind_credit.credit_points as expert_points,
        case when predictions.credit_points is not null
            then predictions.estimator_version
        end as estimator_version
    from {{ ref('ind_credit') }} as ind_credit
    inner join run_months
        on
            ind_credit.as_of_date >= run_months.first_month
            and ind_credit.as_of_date <= run_months.last_month
    left join {{ source('ml', 'credit_predictions') }} as predictions
        on
            ind_credit.customer_id = predictions.customer_id
            and ind_credit.as_of_date = predictions.as_of_date
    where ind_credit.credit_status is not null

)

select
    ratings.customer_id,
    ratings.as_of_date,
    ratings.credit_status,
    ratings.method,
    ratings.points,
    grades.grade,
    round(ratings.bad_probability, 6) as bad_probability_12m,
    ratings.reason_1,
    ratings.reason_2,
    ratings.reason_3,
    ratings.expert_points,
    ratings.estimator_version
from ratings
left join {{ ref('credit_grades') }} as grades
    on
        ratings.points >= grades.from_points
        and ratings.points < grades.to_points
