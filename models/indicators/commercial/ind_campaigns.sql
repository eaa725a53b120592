{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and campaign that sent or cost anything by then, in the months in
    which campaigns were measured: what it did so far, what it cost and what is credited to it.

    Margin stands for value where the company's unit costs allow (`ind_value_basis`), else revenue;
    the little whose cost is not known counts at the company's own rate. A return on the money
    waits until every message had its `attribution_days`: the newest campaigns would look worst. -#}
{%- set ways = ['first_touch', 'last_touch', 'linear'] -%}
{%- set facts = [
    'sent', 'sent_without_consent', 'sent_to_lead_unjudged', 'sent_to_lead_without_consent',
    'delivered', 'opened', 'clicked', 'unsubscribed', 'due', 'converted',
] -%}
with run_months as (

    {{ run_months() }}

),

months as (

    select
        measured_facts.as_of_date,
        leads_measured.is_measured as is_lead_measured
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    left join {{ ref('int_measured_facts') }} as leads_measured
        on
            measured_facts.as_of_date = leads_measured.as_of_date
            and leads_measured.fact = 'leads'
    where measured_facts.fact = 'marketing_touches' and measured_facts.is_measured

),

counts as (

    select
        months.as_of_date,
        campaign_months.campaign_id,
        min(case when campaign_months.sent_count > 0 then campaign_months.month_end end)
            as first_sent_month,
        {%- for fact in facts %}
        sum(campaign_months.{{ fact }}_count) as {{ fact }}_count{{ ',' if not loop.last }}
        {%- endfor %}
    from months
    inner join {{ ref('int_campaign_months') }} as campaign_months
        on months.as_of_date >= campaign_months.month_end
    group by months.as_of_date, campaign_months.campaign_id

),

-- From when on costs were booked at all.
first_costs as (

    select min(campaign_costs.month_end) as costs_from_month
    from {{ ref('int_campaign_costs') }} as campaign_costs

),

costs as (

    select
        months.as_of_date,
        campaign_costs.campaign_id,
        sum(campaign_costs.amount) as amount,
        sum(campaign_costs.unpriced_count) as unpriced_count
    from months
    inner join {{ ref('int_campaign_costs') }} as campaign_costs
        on months.as_of_date >= campaign_costs.month_end
    group by months.as_of_date, campaign_costs.campaign_id

),

lead_months as (

    select
        leads.campaign_id,
        leads.known_month,
        count(*) as lead_count
    from {{ ref('int_leads') }} as leads
    where leads.campaign_id is not null
    group by leads.campaign_id, leads.known_month

),

leads as (

    select
        months.as_of_date,
        lead_months.campaign_id,
        sum(lead_months.lead_count) as lead_count
    from months
    inner join lead_months on months.as_of_date >= lead_months.known_month
    group by months.as_of_date, lead_months.campaign_id

),

purchase_months as (

    select
        attributed_purchases.campaign_id,
        attributed_purchases.month_end,
        {%- for way in ways %}
        {%- for measure in ['amount', 'costed_amount', 'margin'] %}
        sum(attributed_purchases.{{ way }}_{{ measure }}) as {{ way }}_{{ measure }}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_attributed_purchases') }} as attributed_purchases
    group by attributed_purchases.campaign_id, attributed_purchases.month_end

),

purchases as (

    select
        months.as_of_date,
        purchase_months.campaign_id,
        {%- for way in ways %}
        {%- for measure in ['amount', 'costed_amount', 'margin'] %}
        sum(purchase_months.{{ way }}_{{ measure }}) as {{ way }}_{{ measure }}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from months
    inner join purchase_months on months.as_of_date >= purchase_months.month_end
    group by months.as_of_date, purchase_months.campaign_id

),

listed as (

    select
        counts.as_of_date,
        counts.campaign_id
    from counts
    where counts.sent_count > 0
    union
    select
        costs.as_of_date,
        costs.campaign_id
    from costs

),

joined as (

    select
        listed.as_of_date,
        listed.campaign_id,
        value_basis.value_basis,
        {%- for fact in facts %}
        coalesce(counts.{{ fact }}_count, 0) as {{ fact }}_count,
        {%- endfor %}
        -- A campaign that sent before costs were booked at all cost more than is known.
        case
            when
                costs.unpriced_count = 0
                and coalesce(counts.first_sent_month >= first_costs.costs_from_month, true)
                then costs.amount
        end as cost_amount,
        case when months.is_lead_measured then coalesce(leads.lead_count, 0) end as lead_count,
        {%- for way in ways %}
        coalesce(purchases.{{ way }}_amount, 0) as {{ way }}_amount,
        case
            when value_basis.value_basis = 'margin'
                then
                    coalesce(purchases.{{ way }}_margin, 0) + coalesce(
                        cast(
                            round(
                                (purchases.{{ way }}_amount - purchases.{{ way }}_costed_amount)
                                * value_basis.gross_margin_ratio_12m, 4
                            ) as decimal(18, 4)
                        ), 0
                    )
        end as {{ way }}_margin{{ ',' if not loop.last }}
        {%- endfor %}
    from listed
    inner join months on listed.as_of_date = months.as_of_date
    cross join first_costs
    left join counts
        on listed.as_of_date = counts.as_of_date and listed.campaign_id = counts.campaign_id
    left join costs
        on listed.as_of_date = costs.as_of_date and listed.campaign_id = costs.campaign_id
    left join leads
        on listed.as_of_date = leads.as_of_date and listed.campaign_id = leads.campaign_id
    left join purchases
        on
            listed.as_of_date = purchases.as_of_date
            and listed.campaign_id = purchases.campaign_id
    left join {{ ref('ind_value_basis') }} as value_basis
        on listed.as_of_date = value_basis.as_of_date

)

select
    joined.as_of_date,
    joined.campaign_id,
    campaigns.channel,
    campaigns.objective,
    campaigns.starts_on,
    campaigns.ends_on,
    campaigns.experiment_id,
    {%- for fact in [
        'sent', 'sent_without_consent', 'delivered', 'opened', 'clicked', 'unsubscribed',
    ] %}
    cast(joined.{{ fact }}_count as integer) as {{ fact }}_count,
    {%- endfor %}
    case
        when joined.sent_to_lead_unjudged_count = 0
            then cast(joined.sent_to_lead_without_consent_count as integer)
    end as sent_to_lead_without_consent_count,
    {{ ratio('joined.delivered_count', 'joined.sent_count') }} as delivered_ratio,
    {{ ratio('joined.opened_count', 'joined.delivered_count') }} as opened_ratio,
    {%- for fact in ['clicked', 'unsubscribed'] %}
    {{ rate_columns(fact, 'joined.' ~ fact ~ '_count', 'joined.delivered_count') }},
    {%- endfor %}
    cast(joined.due_count as integer) as conversion_cases,
    cast(joined.delivered_count - joined.due_count as integer) as conversion_pending_count,
    cast(joined.converted_count as integer) as converted_count,
    {{ rate_columns('conversion', 'joined.converted_count', 'joined.due_count') }},
    cast(joined.cost_amount as decimal(18, 4)) as cost_amount,
    cast(joined.lead_count as integer) as lead_count,
    {{ ratio('joined.cost_amount', 'joined.lead_count') }} as cost_per_lead,
    joined.value_basis,
    {%- for way in ways %}
    cast(joined.{{ way }}_amount as decimal(18, 4)) as {{ way }}_amount,
    cast(joined.{{ way }}_margin as decimal(18, 4)) as {{ way }}_margin,
    case
        when
            joined.cost_amount > 0 and joined.delivered_count > 0
            and joined.due_count = joined.delivered_count
            then {{ ratio(
                'case when joined.value_basis = \'margin\' then joined.' ~ way ~ '_margin
                    else joined.' ~ way ~ '_amount end - joined.cost_amount',
                'joined.cost_amount'
            ) }}
    end as {{ way }}_return_ratio{{ ',' if not loop.last }}
    {%- endfor %}
from joined
left join {{ ref('stg_marketing__campaigns') }} as campaigns
    on
        joined.campaign_id = campaigns.campaign_id
        and {{ holds_on(
            'joined.as_of_date', 'cast(campaigns.valid_from as date)',
            'cast(campaigns.valid_to as date)'
        ) }}
