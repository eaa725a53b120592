{#- Grain: one row per customer and month end that was scored: will the customer buy more in the
    next six months, and how much (handbook C8). -#}
select
    upsell.customer_id,
    upsell.as_of_date,
    upsell.upsell_kind,
    upsell.is_eligible,
    upsell.ineligible_reason,
    round(upsell.expand_probability, 6) as expand_probability,
    round(upsell.probability_low, 6) as expand_probability_low,
    round(upsell.probability_high, 6) as expand_probability_high,
    cast(upsell.expected_upsell_6m as decimal(18, 2)) as expected_upsell_6m,
    cast(upsell.amount_if_expands as decimal(18, 2)) as amount_if_expands,
    cast(upsell.amount_if_expands_p10 as decimal(18, 2)) as amount_if_expands_p10,
    cast(upsell.amount_if_expands_p50 as decimal(18, 2)) as amount_if_expands_p50,
    cast(upsell.amount_if_expands_p90 as decimal(18, 2)) as amount_if_expands_p90,
    cast(upsell.upsell_p10 as decimal(18, 2)) as upsell_p10,
    cast(upsell.upsell_p50 as decimal(18, 2)) as upsell_p50,
    cast(upsell.upsell_p90 as decimal(18, 2)) as upsell_p90,
    upsell.method as upsell_method,
    upsell.status as upsell_status,
    upsell.estimator_version as upsell_estimator_version
from {{ source('ml', 'upsell_predictions') }} as upsell
