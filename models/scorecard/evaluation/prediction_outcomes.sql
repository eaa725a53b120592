{#- Grain: one row per estimator, customer and month end with a published probability. What was
    first published stays as it was, and so does its outcome once published
    (orchestration/ledger.py); what this run computed counts where nothing was published before. -#}
with run_window as (

    select run_window.last_month from {{ ref('stg_control__run_window') }} as run_window

),

-- A run that goes back does not see what later months told.
published as (

    select published_predictions.*
    from {{ source('ml', 'published_predictions') }} as published_predictions
    inner join run_window
        on published_predictions.published_month <= run_window.last_month

),

computed as (

    select
        'churn' as estimator,
        predictions.customer_id,
        predictions.as_of_date,
        -- As it is shown, so that the band of a limit is the same in every run.
        round(predictions.churn_probability, 6) as probability,
        round(predictions.probability_low, 6) as probability_low,
        round(predictions.probability_high, 6) as probability_high,
        predictions.method,
        predictions.status,
        predictions.estimator_version,
        run_window.last_month as published_month
    from {{ source('ml', 'churn_predictions') }} as predictions
    inner join run_window on predictions.as_of_date <= run_window.last_month
    left join published
        on
            predictions.customer_id = published.customer_id
            and predictions.as_of_date = published.as_of_date
            and published.estimator = 'churn'
    where predictions.churn_probability is not null and published.customer_id is null

),

foretold as (

    select
        published.estimator,
        published.customer_id,
        published.as_of_date,
        published.probability,
        published.probability_low,
        published.probability_high,
        published.method,
        published.status,
        published.estimator_version,
        published.published_month
    from published
    union all
    select
        computed.estimator,
        computed.customer_id,
        computed.as_of_date,
        computed.probability,
        computed.probability_low,
        computed.probability_high,
        computed.method,
        computed.status,
        computed.estimator_version,
        computed.published_month
    from computed

),

judged as (

    select
        foretold.*,
        run_window.last_month,
        recorded.outcome_state as recorded_state,
        recorded.has_happened as recorded_outcome,
        recorded.known_month as recorded_month,
        labels.is_churned,
        case
            when labels.label_ends_on > run_window.last_month then 'pending'
            -- Leavers whom no action could have kept are no case (handbook C7).
            when labels.is_label_complete and labels.exclusion_reason is not null then 'not_judged'
            when labels.is_label_complete and labels.is_churned is not null then 'known'
            when labels.is_label_complete then 'not_judged'
            -- A customer who became another one (identity) has no label under the old name.
            when
                labels.customer_id is null
                and {{ month_end_after('foretold.as_of_date', var('churn_label_months') + 2) }}
                <= run_window.last_month
                then 'lost'
            else 'pending'
        end as found_state
    from foretold
    cross join run_window
    left join {{ ref('ftr_churn_labels') }} as labels
        on
            foretold.customer_id = labels.customer_id
            and foretold.as_of_date = labels.as_of_date
    left join {{ source('ml', 'recorded_outcomes') }} as recorded
        on
            foretold.estimator = recorded.estimator
            and foretold.customer_id = recorded.customer_id
            and foretold.as_of_date = recorded.as_of_date
            and run_window.last_month >= recorded.known_month

)

select
    judged.estimator,
    judged.customer_id,
    judged.as_of_date,
    judged.probability,
    judged.probability_low,
    judged.probability_high,
    case
        when judged.probability < {{ var('risk_amber_from') }} then 'green'
        when judged.probability <= {{ var('risk_red_above') }} then 'amber'
        else 'red'
    end as risk_band,
    judged.method,
    judged.status,
    judged.estimator_version,
    judged.published_month,
    coalesce(judged.recorded_state, judged.found_state) as outcome_state,
    case
        when judged.recorded_state is not null then judged.recorded_outcome
        when judged.found_state = 'known' then judged.is_churned
    end as has_happened,
    case
        when judged.recorded_state is not null then judged.recorded_month
        when judged.found_state <> 'pending' then judged.last_month
    end as known_month
from judged
