{#- Grain: one row per kind of prediction, subject, customer and month end with a published
    probability. What was first published stays as it was, and so does its outcome once published
    (orchestration/ledger.py); what this run computed counts where nothing was published before. -#}
{%- set whole = "'" ~ var('whole_customer') ~ "'" -%}
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

recorded as (

    select recorded_outcomes.*
    from {{ source('ml', 'recorded_outcomes') }} as recorded_outcomes
    inner join run_window
        on recorded_outcomes.known_month <= run_window.last_month

),

-- As they are shown, so that the band of a limit is the same in every run.
computed as (

    select
        'churn' as estimator,
        'churn' as prediction_kind,
        {{ whole }} as subject,
        churn.customer_id,
        churn.as_of_date,
        round(churn.churn_probability, 6) as probability,
        round(churn.probability_low, 6) as probability_low,
        round(churn.probability_high, 6) as probability_high,
        churn.method,
        churn.status,
        churn.estimator_version
    from {{ source('ml', 'churn_predictions') }} as churn
    where churn.churn_probability is not null
    union all
    select
        'upsell' as estimator,
        'expansion' as prediction_kind,
        {{ whole }} as subject,
        upsell.customer_id,
        upsell.as_of_date,
        upsell.expand_probability as probability,
        upsell.expand_probability_low as probability_low,
        upsell.expand_probability_high as probability_high,
        upsell.upsell_method as method,
        upsell.upsell_status as status,
        upsell.upsell_estimator_version as estimator_version
    from {{ ref('upsell_predictions') }} as upsell
    where upsell.expand_probability is not null
    union all
    select
        'credit' as estimator,
        'bad_payer' as prediction_kind,
        {{ whole }} as subject,
        ratings.customer_id,
        ratings.as_of_date,
        ratings.bad_probability_12m as probability,
        cast(null as double) as probability_low,
        cast(null as double) as probability_high,
        ratings.method,
        'published' as status,
        ratings.estimator_version
    from {{ ref('credit_ratings') }} as ratings
    where ratings.bad_probability_12m is not null
    union all
    select
        'potential' as estimator,
        'new_category' as prediction_kind,
        {{ whole }} as subject,
        customer_value.customer_id,
        customer_value.as_of_date,
        customer_value.cross_sell_probability as probability,
        cast(null as double) as probability_low,
        cast(null as double) as probability_high,
        customer_value.potential_method as method,
        'published' as status,
        'counted' as estimator_version
    from {{ ref('customer_value') }} as customer_value
    where customer_value.cross_sell_probability is not null
    union all
    select
        'potential' as estimator,
        'category_uptake' as prediction_kind,
        potential.product_category as subject,
        potential.customer_id,
        potential.as_of_date,
        potential.uptake_probability as probability,
        cast(null as double) as probability_low,
        cast(null as double) as probability_high,
        potential.method,
        'published' as status,
        'counted' as estimator_version
    from {{ ref('customer_potential') }} as potential

),

foretold as (

    select
        published.estimator,
        published.prediction_kind,
        published.subject,
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
        computed.prediction_kind,
        computed.subject,
        computed.customer_id,
        computed.as_of_date,
        computed.probability,
        computed.probability_low,
        computed.probability_high,
        computed.method,
        computed.status,
        computed.estimator_version,
        run_window.last_month as published_month
    from computed
    inner join run_window on computed.as_of_date <= run_window.last_month
    left join published
        on
            computed.prediction_kind = published.prediction_kind
            and computed.subject = published.subject
            and computed.customer_id = published.customer_id
            and computed.as_of_date = published.as_of_date
    where published.customer_id is null

),

dated as (

    select
        foretold.*,
        case foretold.prediction_kind
            when 'churn'
                then {{ month_end_after('foretold.as_of_date', var('churn_label_months')) }}
            when 'expansion'
                then {{ month_end_after('foretold.as_of_date', var('upsell_label_months')) }}
            when 'bad_payer'
                then {{ month_end_after('foretold.as_of_date', var('credit_outcome_months')) }}
            else {{ month_end_after('foretold.as_of_date', 12) }}
        end as outcome_month
    from foretold

),

-- Customers who bought of a category in the twelve months after, and not in those before.
due_categories as (

    select
        dated.prediction_kind,
        dated.subject,
        dated.customer_id,
        dated.as_of_date,
        dated.outcome_month
    from dated
    cross join run_window
    left join recorded
        on
            dated.prediction_kind = recorded.prediction_kind
            and dated.subject = recorded.subject
            and dated.customer_id = recorded.customer_id
            and dated.as_of_date = recorded.as_of_date
    where
        dated.estimator = 'potential'
        and dated.outcome_month <= run_window.last_month
        and recorded.customer_id is null

),

due_customers as (

    select distinct
        due_categories.customer_id,
        due_categories.as_of_date,
        due_categories.outcome_month
    from due_categories

),

taken_up as (

    select
        due_customers.customer_id,
        due_customers.as_of_date,
        since.product_category
    from due_customers
    inner join {{ ref('int_customer_category_windows') }} as since
        on
            due_customers.customer_id = since.customer_id
            and due_customers.outcome_month = since.as_of_date
    left join {{ ref('int_customer_category_windows') }} as before
        on
            due_customers.customer_id = before.customer_id
            and due_customers.as_of_date = before.as_of_date
            and since.product_category = before.product_category
    where since.line_count_12m > 0 and coalesce(before.line_count_12m, 0) <= 0

),

category_outcomes as (

    select
        due_categories.prediction_kind,
        due_categories.subject,
        due_categories.customer_id,
        due_categories.as_of_date,
        count(
            case
                when due_categories.prediction_kind = 'new_category' then taken_up.product_category
                when due_categories.subject = taken_up.product_category
                    then taken_up.product_category
            end
        ) > 0 as has_happened
    from due_categories
    inner join {{ ref('ind_value') }} as still_known
        on
            due_categories.customer_id = still_known.customer_id
            and due_categories.outcome_month = still_known.as_of_date
    left join taken_up
        on
            due_categories.customer_id = taken_up.customer_id
            and due_categories.as_of_date = taken_up.as_of_date
    group by
        due_categories.prediction_kind,
        due_categories.subject,
        due_categories.customer_id,
        due_categories.as_of_date

),

outcomes as (

    select
        'churn' as prediction_kind,
        {{ whole }} as subject,
        labels.customer_id,
        labels.as_of_date,
        labels.is_label_complete and labels.label_ends_on <= run_window.last_month as is_over,
        -- Leavers whom no action could have kept are no case (handbook C7).
        case when labels.exclusion_reason is null then labels.is_churned end as has_happened
    from {{ ref('ftr_churn_labels') }} as labels
    cross join run_window
    union all
    select
        'expansion' as prediction_kind,
        {{ whole }} as subject,
        labels.customer_id,
        labels.as_of_date,
        labels.is_label_complete
        and {{ month_end_after('labels.as_of_date', var('upsell_label_months')) }}
        <= run_window.last_month as is_over,
        labels.is_expanded as has_happened
    from {{ ref('ftr_upsell_labels') }} as labels
    cross join run_window
    union all
    select
        'bad_payer' as prediction_kind,
        {{ whole }} as subject,
        labels.customer_id,
        labels.as_of_date,
        labels.is_label_complete
        and {{ month_end_after('labels.as_of_date', var('credit_outcome_months')) }}
        <= run_window.last_month as is_over,
        labels.is_bad as has_happened
    from {{ ref('ftr_credit_labels') }} as labels
    cross join run_window
    union all
    select
        category_outcomes.prediction_kind,
        category_outcomes.subject,
        category_outcomes.customer_id,
        category_outcomes.as_of_date,
        true as is_over,
        category_outcomes.has_happened
    from category_outcomes

),

judged as (

    select
        dated.*,
        run_window.last_month,
        recorded.outcome_state as recorded_state,
        recorded.has_happened as recorded_outcome,
        recorded.known_month as recorded_month,
        outcomes.has_happened as found_outcome,
        case
            when outcomes.is_over and outcomes.has_happened is not null then 'known'
            when outcomes.is_over then 'not_judged'
            -- A customer who became another one (identity) has no label under the old name. Of
            -- churn the grace of a contract is waited for.
            when
                outcomes.customer_id is null
                and case
                    when dated.prediction_kind = 'churn'
                        then {{ month_end_after('dated.outcome_month', 2) }}
                    else dated.outcome_month
                end <= run_window.last_month
                then 'lost'
            else 'pending'
        end as found_state
    from dated
    cross join run_window
    left join outcomes
        on
            dated.prediction_kind = outcomes.prediction_kind
            and dated.subject = outcomes.subject
            and dated.customer_id = outcomes.customer_id
            and dated.as_of_date = outcomes.as_of_date
    left join recorded
        on
            dated.prediction_kind = recorded.prediction_kind
            and dated.subject = recorded.subject
            and dated.customer_id = recorded.customer_id
            and dated.as_of_date = recorded.as_of_date

)

select
    judged.prediction_kind,
    judged.subject,
    judged.customer_id,
    judged.as_of_date,
    judged.estimator,
    judged.probability,
    judged.probability_low,
    judged.probability_high,
    case
        when judged.prediction_kind = 'churn' and judged.probability < {{ var('risk_amber_from') }}
            then 'green'
        when judged.prediction_kind = 'churn' and judged.probability <= {{ var('risk_red_above') }}
            then 'amber'
        when judged.prediction_kind = 'churn' then 'red'
        when judged.probability < {{ var('chance_middle_from') }} then 'low'
        when judged.probability <= {{ var('chance_high_above') }} then 'middle'
        else 'high'
    end as risk_band,
    judged.method,
    judged.status,
    judged.estimator_version,
    judged.published_month,
    coalesce(judged.recorded_state, judged.found_state) as outcome_state,
    case
        when judged.recorded_state is not null then judged.recorded_outcome
        when judged.found_state = 'known' then judged.found_outcome
    end as has_happened,
    case
        when judged.recorded_state is not null then judged.recorded_month
        when judged.found_state <> 'pending' then judged.last_month
    end as known_month
from judged
