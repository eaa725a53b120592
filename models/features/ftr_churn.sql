{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. Point in time: only facts by `as_of_date`. A 12-month
    feature is null where billing was not measured for 12 months; a sum over months of another
    system where one of them was not measured. -#}
{%- set indicators = {
    'ind_value': ['value_trend', 'line_count_12m', 'gross_margin_12m'],
    'ind_retention': ['purchase_delay_ratio_12m'],
    'ind_activity': ['mrr'],
    'ind_loyalty': ['category_breadth_12m'],
    'ind_trade': ['discount_ratio_12m'],
    'ind_relationship': [
        'active_days_1m', 'interactions_3m', 'usual_interactions_3m', 'interaction_score',
    ],
    'ind_stages': ['stage_months'],
    'ind_iceberg': [
        'voice_items_12m', 'new_product_score_12m', 'paid_on_time_ratio_12m',
        'renewal_ratio_24m',
    ],
    'ind_credit': ['days_past_due_max_12m'],
    'ind_service': [
        'tickets_created_6m', 'open_tickets', 'complaints_received_6m',
        'resolution_business_minutes_mean_6m', 'first_contact_ratio_6m',
        'reopen_ratio_6m', 'sla_met_ratio_6m',
    ],
    'ind_cost_to_serve': ['cost_to_serve_ratio_12m'],
    'ind_experience': ['anchor_misses_6m'],
    'ind_text': ['sentiment', 'negative_text_ratio_12m', 'worst_text_severity_6m'],
    'ind_satisfaction': [
        'survey_invitations_12m', 'survey_response_ratio_12m', 'nps_answer',
        'nps_answer_age_days', 'csat_score', 'csat_answer_age_days',
    ],
} -%}
{#- Sums over months of what a system counts each month: feature, fact, months. -#}
{%- set windows = [
    ('active_days_3m', 'active_days', 3),
    ('logins_3m', 'logins', 3),
    ('feature_events_3m', 'feature_events', 3),
    ('help_centre_visits_6m', 'help_centre_visits', 6),
    ('community_posts_6m', 'community_posts', 6),
    ('trainings_6m', 'trainings', 6),
    ('relationship_events_12m', 'relationship_events', 12),
] -%}
{%- set longest = 12 -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    select customer_windows.*
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join run_months
        on
            customer_windows.as_of_date >= run_months.first_month
            and customer_windows.as_of_date <= run_months.last_month

),

-- Rows before the first in which a system is measured are empty, so a window that is not full of
-- months with a figure has none. The months are dense: so many rows are so many months.
activity as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        customer_activity.logins
        {%- for feature, fact, months in windows %},
        case
            when count(customer_activity.{{ fact }}) over last_{{ months }} = {{ months }}
                then sum(customer_activity.{{ fact }}) over last_{{ months }}
        end as {{ feature }}
        {%- endfor %}
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join run_months
        on
            customer_activity.as_of_date
            > {{ month_end_after('run_months.first_month', -longest) }}
            and customer_activity.as_of_date <= run_months.last_month
    window
        {%- for months in [3, 6, 12] %}
        last_{{ months }} as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between {{ months - 1 }} preceding and current row
        ){{ ',' if not loop.last }}
        {%- endfor %}

),

payments as (

    select
        payments.customer_id,
        payments.month_end,
        sum(case when payments.status = 'failed' then 1 else 0 end) as failed_count
    from {{ ref('int_payments') }} as payments
    inner join run_months
        on
            payments.month_end > {{ month_end_after('run_months.first_month', -3) }}
            and payments.month_end <= run_months.last_month
    group by payments.customer_id, payments.month_end

),

payment_months as (

    select distinct payments.month_end
    from payments

),

-- Months whose three months all have payments, whoever's.
payment_windows as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join payment_months
        on
            months.as_of_date >= payment_months.month_end
            and {{ month_end_after('months.as_of_date', -3) }} < payment_months.month_end
    group by months.as_of_date
    having count(*) = 3

),

failed_payments as (

    select
        payments.customer_id,
        payment_windows.as_of_date,
        sum(payments.failed_count) as failed_payments
    from payments
    inner join payment_windows
        on
            payments.month_end <= payment_windows.as_of_date
            and payments.month_end > {{ month_end_after('payment_windows.as_of_date', -3) }}
    group by payments.customer_id, payment_windows.as_of_date

),

recurring as (

    select
        mrr_months.customer_id,
        mrr_months.as_of_date,
        mrr_months.mrr,
        lag(mrr_months.mrr, 6) over (
            partition by mrr_months.customer_id order by mrr_months.as_of_date
        ) as mrr_before_6m
    from {{ ref('int_mrr_months') }} as mrr_months
    inner join run_months
        on
            mrr_months.as_of_date >= {{ month_end_after('run_months.first_month', -6) }}
            and mrr_months.as_of_date <= run_months.last_month

)

select
    windows.customer_id,
    windows.as_of_date,
    ind_value.tier,
    windows.days_since_purchase,
    -- Of a customer who is older than the data it would be the age of the data.
    case when not windows.is_tenure_censored then windows.tenure_days end as tenure_days,
    case when windows.is_tenure_censored then 1 else 0 end as is_tenure_censored,
    windows.purchases_1m,
    windows.purchases_3m,
    windows.purchases_6m,
    case when windows.is_window_complete then windows.purchases_12m end as purchases_12m,
    cast(windows.revenue_3m as double) as revenue_3m,
    cast(windows.revenue_6m as double) as revenue_6m,
    cast(case when windows.is_window_complete then windows.revenue_12m end as double)
        as revenue_12m,
    case
        when windows.revenue_prior_3m > 0
            then {{ ratio('windows.revenue_3m', 'windows.revenue_prior_3m') }} - 1
    end as revenue_trend_3m,
    ind_value.basket_value_12m,
    ind_value.return_ratio_12m,
    windows.product_count_12m,
    windows.active_months_12m,
    ind_retention.gap_days_mean_12m,
    ind_retention.gap_cv_12m,
    {{ ratio('windows.days_since_purchase', 'ind_retention.gap_days_mean_12m') }}
        as recency_to_gap_ratio
    {%- for model, columns in indicators.items() %}
    {%- for column in columns %},
    cast({{ model }}.{{ column }} as double) as {{ column }}
    {%- endfor %}
    {%- endfor %},
    case when contract_months.customer_id is null then 0 else 1 end as is_contractual,
    contract_months.term_months as contract_term_months,
    {{ days_between('contract_months.contract_since', 'windows.as_of_date') }}
        as contract_age_days,
    {{ days_between('windows.as_of_date', 'contract_months.next_renewal_date') }}
        as contract_days_to_renewal,
    case
        when contract_months.customer_id is null then null
        when
            contract_months.next_renewal_date
            <= {{ month_end_after('windows.as_of_date', var('churn_label_months')) }}
            then 1
        else 0
    end as is_renewal_due_6m,
    {{ months_between('contract_months.plan_changed_on', 'windows.as_of_date') }}
        as months_since_plan_change,
    {{ months_between('contract_months.price_changed_on', 'windows.as_of_date') }}
        as months_since_price_change,
    cast(
        case
            when contract_months.customer_id is null then null
            when
                contract_months.price_changed_on
                > {{ month_end_after('windows.as_of_date', -12) }}
                then contract_months.price_change_ratio
            else 0
        end as double
    ) as price_change_ratio_12m,
    case
        when recurring.mrr_before_6m > 0
            then {{ ratio('recurring.mrr', 'recurring.mrr_before_6m') }} - 1
    end as mrr_trend_6m,
    cast(
        case
            when payment_windows.as_of_date is not null
                then coalesce(failed_payments.failed_payments, 0)
        end as integer
    ) as failed_payments_3m
    {%- for feature, fact, months in windows %},
    cast(activity.{{ feature }} as integer) as {{ feature }}
    {%- endfor %},
    {{ ratio('3 * activity.logins', 'activity.logins_3m') }} as login_trend_3m
from windows
inner join {{ ref('ind_value') }} as ind_value
    on windows.customer_id = ind_value.customer_id and windows.as_of_date = ind_value.as_of_date
{%- for model in indicators if model != 'ind_value' %}
left join {{ ref(model) }} as {{ model }}
    on
        windows.customer_id = {{ model }}.customer_id
        and windows.as_of_date = {{ model }}.as_of_date
{%- endfor %}
left join {{ ref('int_contract_months') }} as contract_months
    on
        windows.customer_id = contract_months.customer_id
        and windows.as_of_date = contract_months.as_of_date
left join recurring
    on windows.customer_id = recurring.customer_id and windows.as_of_date = recurring.as_of_date
left join activity
    on windows.customer_id = activity.customer_id and windows.as_of_date = activity.as_of_date
left join payment_windows
    on windows.as_of_date = payment_windows.as_of_date
left join failed_payments
    on
        windows.customer_id = failed_payments.customer_id
        and windows.as_of_date = failed_payments.as_of_date
where windows.last_purchase_date is not null or contract_months.customer_id is not null
