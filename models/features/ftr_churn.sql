{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. Point in time: only facts by `as_of_date`. A 12-month
    feature is null where billing was not measured for 12 months. -#}
{%- set indicators = {
    'ind_value': ['value_trend', 'line_count_12m', 'gross_margin_12m'],
    'ind_retention': ['purchase_delay_ratio_12m'],
    'ind_activity': ['mrr'],
    'ind_loyalty': ['category_breadth_12m'],
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
    where customer_windows.last_purchase_date is not null

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
    {%- endfor %}
from windows
inner join {{ ref('ind_value') }} as ind_value
    on windows.customer_id = ind_value.customer_id and windows.as_of_date = ind_value.as_of_date
{%- for model in indicators if model != 'ind_value' %}
left join {{ ref(model) }} as {{ model }}
    on
        windows.customer_id = {{ model }}.customer_id
        and windows.as_of_date = {{ model }}.as_of_date
{%- endfor %}
