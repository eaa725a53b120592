{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    campaigns.as_of_date,
    campaigns.campaign_id,
    campaigns.channel,
    campaigns.objective,
    campaigns.starts_on,
    campaigns.ends_on,
    campaigns.sent_count,
    campaigns.sent_without_consent_count,
    campaigns.sent_to_lead_without_consent_count,
    campaigns.delivered_count,
    campaigns.opened_count,
    campaigns.clicked_count,
    campaigns.unsubscribed_count,
    round(campaigns.delivered_ratio, 6) as delivered_ratio,
    round(campaigns.opened_ratio, 6) as opened_ratio,
    round(campaigns.clicked_ratio, 6) as clicked_ratio,
    round(campaigns.clicked_low, 6) as clicked_low,
    round(campaigns.clicked_high, 6) as clicked_high,
    campaigns.is_clicked_low_n,
    round(campaigns.unsubscribed_ratio, 6) as unsubscribed_ratio,
    round(campaigns.unsubscribed_low, 6) as unsubscribed_low,
    round(campaigns.unsubscribed_high, 6) as unsubscribed_high,
    campaigns.is_unsubscribed_low_n,
    campaigns.conversion_cases,
    campaigns.conversion_pending_count,
    campaigns.converted_count,
    round(campaigns.conversion_ratio, 6) as conversion_ratio,
    round(campaigns.conversion_low, 6) as conversion_low,
    round(campaigns.conversion_high, 6) as conversion_high,
    campaigns.is_conversion_low_n,
    cast(round(campaigns.first_touch_amount, 2) as decimal(18, 2)) as first_touch_amount,
    cast(round(campaigns.last_touch_amount, 2) as decimal(18, 2)) as last_touch_amount,
    cast(round(campaigns.linear_amount, 2) as decimal(18, 2)) as linear_amount,
    cast(round(campaigns.cost_amount, 2) as decimal(18, 2)) as cost_amount,
    campaigns.lead_count,
    round(campaigns.cost_per_lead, 6) as cost_per_lead,
    campaigns.value_basis,
    {%- for way in ['first_touch', 'last_touch', 'linear'] %}
    cast(round(campaigns.{{ way }}_margin, 2) as decimal(18, 2)) as {{ way }}_margin,
    {%- endfor %}
    {%- for way in ['first_touch', 'last_touch', 'linear'] %}
    round(campaigns.{{ way }}_return_ratio, 6) as {{ way }}_return_ratio
    {{- ',' if not loop.last }}
    {%- endfor %}
from {{ ref('ind_campaigns') }} as campaigns
inner join run_months
    on
        campaigns.as_of_date >= run_months.first_month
        and campaigns.as_of_date <= run_months.last_month
