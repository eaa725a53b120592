{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and campaign that sent anything by then, in the months in which
    campaigns were measured: what it did so far. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    where measured_facts.fact = 'marketing_touches' and measured_facts.is_measured

),

counts as (

    select
        months.as_of_date,
        campaign_months.campaign_id,
        {%- for fact in [
            'sent', 'delivered', 'opened', 'clicked', 'unsubscribed', 'due', 'converted'
        ] %}
        sum(campaign_months.{{ fact }}_count) as {{ fact }}_count{{ ',' if not loop.last }}
        {%- endfor %}
    from months
    inner join {{ ref('int_campaign_months') }} as campaign_months
        on months.as_of_date >= campaign_months.month_end
    group by months.as_of_date, campaign_months.campaign_id

),

purchase_months as (

    select
        attributed_purchases.campaign_id,
        attributed_purchases.month_end,
        {%- for way in ['first_touch', 'last_touch', 'linear'] %}
        sum(attributed_purchases.{{ way }}_amount) as {{ way }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_attributed_purchases') }} as attributed_purchases
    group by attributed_purchases.campaign_id, attributed_purchases.month_end

),

purchases as (

    select
        months.as_of_date,
        purchase_months.campaign_id,
        {%- for way in ['first_touch', 'last_touch', 'linear'] %}
        sum(purchase_months.{{ way }}_amount) as {{ way }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from months
    inner join purchase_months on months.as_of_date >= purchase_months.month_end
    group by months.as_of_date, purchase_months.campaign_id

)

select
    counts.as_of_date,
    counts.campaign_id,
    campaigns.channel,
    campaigns.objective,
    campaigns.starts_on,
    campaigns.ends_on,
    {%- for fact in ['sent', 'delivered', 'opened', 'clicked', 'unsubscribed'] %}
    cast(counts.{{ fact }}_count as integer) as {{ fact }}_count,
    {%- endfor %}
    {{ ratio('counts.delivered_count', 'counts.sent_count') }} as delivered_ratio,
    {{ ratio('counts.opened_count', 'counts.delivered_count') }} as opened_ratio,
    {%- for fact in ['clicked', 'unsubscribed'] %}
    {{ rate_columns(fact, 'counts.' ~ fact ~ '_count', 'counts.delivered_count') }},
    {%- endfor %}
    cast(counts.due_count as integer) as conversion_cases,
    cast(counts.delivered_count - counts.due_count as integer) as conversion_pending_count,
    cast(counts.converted_count as integer) as converted_count,
    {{ rate_columns('conversion', 'counts.converted_count', 'counts.due_count') }},
    {%- for way in ['first_touch', 'last_touch', 'linear'] %}
    cast(coalesce(purchases.{{ way }}_amount, 0) as decimal(18, 4)) as {{ way }}_amount
    {{- ',' if not loop.last }}
    {%- endfor %}
from counts
left join purchases
    on
        counts.as_of_date = purchases.as_of_date
        and counts.campaign_id = purchases.campaign_id
left join {{ ref('stg_marketing__campaigns') }} as campaigns
    on
        counts.campaign_id = campaigns.campaign_id
        and {{ holds_on(
            'counts.as_of_date', 'cast(campaigns.valid_from as date)',
            'cast(campaigns.valid_to as date)'
        ) }}
where counts.sent_count > 0
