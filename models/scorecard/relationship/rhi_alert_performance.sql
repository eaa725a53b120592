{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    alert_lead.as_of_date,
    alert_lead.rule,
    alert_lead.tier,
    alert_lead.loss_count,
    alert_lead.warned_count,
    round(alert_lead.recall_ratio, 6) as recall_ratio,
    round(alert_lead.recall_low, 6) as recall_low,
    round(alert_lead.recall_high, 6) as recall_high,
    alert_lead.lead_days_median,
    alert_lead.in_time_count,
    round(alert_lead.in_time_ratio, 6) as in_time_ratio,
    round(alert_lead.in_time_low, 6) as in_time_low,
    round(alert_lead.in_time_high, 6) as in_time_high,
    alert_lead.alert_count,
    alert_lead.right_count,
    round(alert_lead.precision_ratio, 6) as precision_ratio,
    round(alert_lead.precision_low, 6) as precision_low,
    round(alert_lead.precision_high, 6) as precision_high,
    alert_lead.pending_count,
    alert_lead.is_recall_low_n,
    alert_lead.is_in_time_low_n,
    alert_lead.is_precision_low_n
from {{ ref('ind_alert_lead') }} as alert_lead
inner join run_months
    on
        alert_lead.as_of_date >= run_months.first_month
        and alert_lead.as_of_date <= run_months.last_month
