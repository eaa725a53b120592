with churn as (

    select
        churn_predictions.*,
        {{ percentile_score(
            'churn_predictions.churn_probability', 'churn_predictions.as_of_date'
        ) }} as churn_percentile
    from {{ source('ml', 'churn_predictions') }} as churn_predictions

),

joined as (

    select
        coalesce(churn.customer_id, clv.customer_id) as customer_id,
        coalesce(churn.as_of_date, clv.as_of_date) as as_of_date,
        coalesce(churn.is_eligible, false) as is_eligible,
        churn.churn_probability,
        churn.probability_low,
        churn.probability_high,
        churn.churn_percentile,
        churn.method as churn_method,
        churn.status as churn_status,
        churn.estimator_version as churn_estimator_version,
        clv.probability_alive,
        clv.expected_purchases_12m,
        clv.clv_12m,
        clv.clv_36m,
        clv.clv_12m_low,
        clv.clv_12m_high,
        clv.value_if_kept_12m,
        clv.method as clv_method,
        clv.has_warning as clv_has_warning,
        clv.estimator_version as clv_estimator_version,
        clv.value_basis
    from churn
    full outer join {{ source('ml', 'clv_predictions') }} as clv
        on churn.customer_id = clv.customer_id and churn.as_of_date = clv.as_of_date

)

select
    joined.customer_id,
    joined.as_of_date,
    joined.is_eligible,
    round(joined.churn_probability, 6) as churn_probability,
    round(joined.probability_low, 6) as churn_probability_low,
    round(joined.probability_high, 6) as churn_probability_high,
    round(joined.churn_percentile, 6) as churn_percentile,
    joined.churn_method,
    joined.churn_status,
    joined.churn_estimator_version,
    case
        when joined.churn_probability is null then null
        when joined.churn_probability < {{ var('risk_amber_from') }} then 'green'
        when joined.churn_probability <= {{ var('risk_red_above') }} then 'amber'
        else 'red'
    end as risk_band,
    round(joined.probability_alive, 6) as probability_alive,
    round(joined.expected_purchases_12m, 6) as expected_purchases_12m,
    cast(joined.clv_12m as decimal(18, 2)) as clv_12m,
    cast(joined.clv_36m as decimal(18, 2)) as clv_36m,
    cast(joined.clv_12m_low as decimal(18, 2)) as clv_12m_low,
    cast(joined.clv_12m_high as decimal(18, 2)) as clv_12m_high,
    cast(joined.value_if_kept_12m as decimal(18, 2)) as value_if_kept_12m,
    joined.clv_12m < 0 as is_clv_negative,
    joined.clv_method,
    joined.clv_has_warning,
    joined.clv_estimator_version,
    joined.value_basis,
    -- Not lifetime value, which holds the chance of having left already.
    cast(joined.churn_probability * joined.value_if_kept_12m as decimal(18, 2)) as value_at_risk
from joined
