{#- Grain: one row per customer and month end that was scored: will the customer buy more in the
    next six months, and how much (handbook C8), beside what is left of the wallet to be won. -#}
with predicted as (

    select
        upsell.*,
        cast(upsell.expected_upsell_6m as decimal(18, 2)) as expected_6m
    from {{ source('ml', 'upsell_predictions') }} as upsell

)

select
    predicted.customer_id,
    predicted.as_of_date,
    predicted.upsell_kind,
    predicted.is_eligible,
    predicted.ineligible_reason,
    round(predicted.expand_probability, 6) as expand_probability,
    round(predicted.probability_low, 6) as expand_probability_low,
    round(predicted.probability_high, 6) as expand_probability_high,
    predicted.expected_6m as expected_upsell_6m,
    case
        when headroom.headroom_6m < predicted.expected_6m then headroom.headroom_6m
        when headroom.headroom_6m is not null then predicted.expected_6m
    end as expected_upsell_capped_6m,
    cast(predicted.amount_if_expands as decimal(18, 2)) as amount_if_expands,
    cast(predicted.amount_if_expands_p10 as decimal(18, 2)) as amount_if_expands_p10,
    cast(predicted.amount_if_expands_p50 as decimal(18, 2)) as amount_if_expands_p50,
    cast(predicted.amount_if_expands_p90 as decimal(18, 2)) as amount_if_expands_p90,
    cast(predicted.upsell_p10 as decimal(18, 2)) as upsell_p10,
    cast(predicted.upsell_p50 as decimal(18, 2)) as upsell_p50,
    cast(predicted.upsell_p90 as decimal(18, 2)) as upsell_p90,
    coalesce(headroom.headroom_basis, 'no_answer') as headroom_basis,
    headroom.headroom_6m,
    headroom.wallet_12m,
    round(headroom.share_of_wallet_ratio, 6) as share_of_wallet_ratio,
    round(headroom.share_of_wallet_p90_ratio, 6) as share_of_wallet_p90_ratio,
    headroom.headroom_answer_count,
    predicted.method as upsell_method,
    predicted.status as upsell_status,
    predicted.estimator_version as upsell_estimator_version,
    {{ may_contact('attributes.has_marketing_consent') }} as may_contact,
    {{ held_reason('attributes.has_marketing_consent') }} as held_reason
from predicted
left join {{ ref('ind_headroom') }} as headroom
    on
        predicted.customer_id = headroom.customer_id
        and predicted.as_of_date = headroom.as_of_date
left join {{ ref('int_customer_attribute_months') }} as attributes
    on
        predicted.customer_id = attributes.customer_id
        and predicted.as_of_date = attributes.as_of_date
