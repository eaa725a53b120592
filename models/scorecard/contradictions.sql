{#- Grain: one row per customer, month end and health profile whose band and risk lie two apart. -#}
select
    customer_scorecard.customer_id,
    customer_scorecard.as_of_date,
    customer_scorecard.profile,
    customer_scorecard.tier,
    customer_scorecard.score,
    customer_scorecard.coverage,
    customer_scorecard.band,
    customer_scorecard.churn_probability,
    customer_scorecard.risk_band,
    case when customer_scorecard.band = 'green' then 'healthy_at_risk' else 'unhealthy_safe' end
        as contradiction
from {{ ref('customer_scorecard') }} as customer_scorecard
where customer_scorecard.is_contradiction
