{#- Grain: one row per customer and month that was scored. What acts on a probability compares the
    figures as they are published, so that a reader finds the same. -#}
with scored as (

    select
        churn_predictions.*,
        -- A base rate, which all of a tier share, is no place among those foreseen one by one.
        case when churn_predictions.is_eligible then churn_predictions.churn_probability end
            as ranked_probability
    from {{ source('ml', 'churn_predictions') }} as churn_predictions

),

churn as (

    select
        scored.*,
        {{ percentile_score('scored.ranked_probability', 'scored.as_of_date') }}
            as churn_percentile
    from scored

),

joined as (

    select
        coalesce(churn.customer_id, clv.customer_id) as customer_id,
        coalesce(churn.as_of_date, clv.as_of_date) as as_of_date,
        coalesce(churn.is_eligible, false) as is_eligible,
        round(churn.churn_probability, 6) as churn_probability,
        churn.churn_probability as exact_probability,
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
        clv.clv_36m_low,
        clv.clv_36m_high,
        clv.clv_36m_interval_basis,
        cast(clv.value_if_kept_12m as decimal(18, 2)) as value_if_kept_12m,
        clv.value_if_kept_12m as exact_value_if_kept,
        clv.method as clv_method,
        clv.has_warning as clv_has_warning,
        clv.estimator_version as clv_estimator_version,
        clv.value_basis
    from churn
    full outer join {{ source('ml', 'clv_predictions') }} as clv
        on churn.customer_id = clv.customer_id and churn.as_of_date = clv.as_of_date

),

levels as (

    select
        intervention_levels.*,
        lead(intervention_levels.valid_from) over (
            partition by intervention_levels.tier order by intervention_levels.valid_from
        ) as valid_to
    from {{ ref('intervention_levels') }} as intervention_levels

),

levelled as (

    select
        joined.*,
        ind_value.tier,
        attributes.has_marketing_consent,
        levels.action_level,
        levels.owner_role,
        levels.working_days,
        levels.needs_consent,
        cast(levels.offer_cost as double) as offer_cost,
        cast(levels.contact_cost as double) as contact_cost,
        cast(levels.acceptance_ratio as double) as acceptance_ratio,
        cast(joined.value_if_kept_12m as double) as value_if_kept
    from joined
    left join {{ ref('ind_value') }} as ind_value
        on joined.customer_id = ind_value.customer_id and joined.as_of_date = ind_value.as_of_date
    left join {{ ref('int_customer_attribute_months') }} as attributes
        on
            joined.customer_id = attributes.customer_id
            and joined.as_of_date = attributes.as_of_date
    left join levels
        on
            ind_value.tier = levels.tier
            and {{ holds_on('joined.as_of_date', 'levels.valid_from', 'levels.valid_to') }}

),

judged as (

    select
        levelled.*,
        levelled.churn_probability > {{ var('risk_red_above') }} as acts_by_rule,
        levelled.churn_probability >= {{ var('risk_amber_from') }}
        and levelled.churn_probability <= {{ var('risk_red_above') }} as is_watched,
        -- Where nobody is worth an offer, no probability is high enough.
        case
            when
                levelled.value_if_kept
                > levelled.offer_cost + levelled.contact_cost / levelled.acceptance_ratio
                then
                    round(
                        (levelled.offer_cost + levelled.contact_cost)
                        / (
                            levelled.acceptance_ratio
                            * (levelled.value_if_kept - levelled.offer_cost)
                            + levelled.offer_cost
                        ),
                        6
                    )
        end as value_threshold
    from levelled

),

decided as (

    select
        judged.*,
        case
            when judged.churn_probability is null or judged.value_if_kept is null then null
            when judged.offer_cost is null then null
            else coalesce(judged.churn_probability > judged.value_threshold, false)
        end as acts_by_value
    from judged

),

-- Who acts, and what that needs, is said only of those for whom one of the two rules picks.
picked as (

    select
        decided.*,
        decided.acts_by_rule or decided.acts_by_value as is_picked,
        case when decided.acts_by_rule or decided.acts_by_value then decided.needs_consent end
            as act_needs_consent
    from decided

)

select
    picked.customer_id,
    picked.as_of_date,
    picked.tier,
    picked.is_eligible,
    picked.churn_probability,
    round(picked.probability_low, 6) as churn_probability_low,
    round(picked.probability_high, 6) as churn_probability_high,
    round(picked.churn_percentile, 6) as churn_percentile,
    picked.churn_method,
    picked.churn_status,
    picked.churn_estimator_version,
    case
        when picked.churn_probability is null then null
        when picked.acts_by_rule then 'red'
        when picked.is_watched then 'amber'
        else 'green'
    end as risk_band,
    round(picked.probability_alive, 6) as probability_alive,
    round(picked.expected_purchases_12m, 6) as expected_purchases_12m,
    cast(picked.clv_12m as decimal(18, 2)) as clv_12m,
    cast(picked.clv_36m as decimal(18, 2)) as clv_36m,
    cast(picked.clv_12m_low as decimal(18, 2)) as clv_12m_low,
    cast(picked.clv_12m_high as decimal(18, 2)) as clv_12m_high,
    cast(picked.clv_36m_low as decimal(18, 2)) as clv_36m_low,
    cast(picked.clv_36m_high as decimal(18, 2)) as clv_36m_high,
    picked.clv_36m_interval_basis,
    picked.value_if_kept_12m,
    picked.clv_12m < 0 as is_clv_negative,
    picked.clv_method,
    picked.clv_has_warning,
    picked.clv_estimator_version,
    picked.value_basis,
    -- Not lifetime value, which holds the chance of having left already.
    cast(picked.exact_probability * picked.exact_value_if_kept as decimal(18, 2))
        as value_at_risk,
    picked.acts_by_rule,
    picked.is_watched,
    picked.value_threshold,
    picked.acts_by_value,
    {%- for column in ['action_level', 'owner_role', 'working_days'] %}
    case when picked.is_picked then picked.{{ column }} end as {{ column }},
    {%- endfor %}
    {{ may_contact('picked.has_marketing_consent', 'picked.act_needs_consent') }} as may_contact,
    {{ held_reason('picked.has_marketing_consent', 'picked.act_needs_consent') }} as held_reason
from picked
