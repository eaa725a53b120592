{#- Grain: one row per touch of a campaign, with the day of the first reaction of each kind, and
    whether the CRM record it went to had consent to marketing at that moment.

    A landing area without consent of leads cannot be told from one in which no lead was ever asked:
    leads are judged from the first version of any lead that says yes or no. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm'

),

lead_consents as (

    select min(leads.valid_from) as known_from
    from {{ ref('stg_crm__leads') }} as leads
    where leads.has_marketing_consent is not null

),

reactions as (

    select
        touch_responses.touch_id,
        {%- for kind in ['open', 'click', 'conversion', 'unsubscribe'] %}
        min(
            case
                when touch_responses.response_kind = '{{ kind }}' then touch_responses.responded_at
            end
        ) as first_{{ kind }}_at{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_marketing__touch_responses') }} as touch_responses
    inner join run_window on cast(touch_responses.responded_at as date) <= run_window.last_month
    group by touch_responses.touch_id

)

select
    touches.touch_id,
    touches.campaign_id,
    links.customer_id,
    touches.lead_id,
    touches.channel,
    coalesce(touches.is_delivered, false) as is_delivered,
    touches.touched_at,
    case
        when touches.crm_customer_id is not null
            then {{ may_contact('crm_customers.has_marketing_consent') }}
    end as has_consent,
    touches.crm_customer_id is null and touches.lead_id is not null as is_to_lead,
    case
        when
            touches.crm_customer_id is null and touches.lead_id is not null
            and touches.touched_at >= lead_consents.known_from
            then {{ may_contact('leads.has_marketing_consent') }}
    end as has_lead_consent,
    reactions.first_open_at,
    reactions.first_click_at,
    reactions.first_conversion_at,
    reactions.first_unsubscribe_at
from {{ ref('stg_marketing__touches') }} as touches
inner join run_window on cast(touches.touched_at as date) <= run_window.last_month
left join links on touches.crm_customer_id = links.crm_customer_id
left join {{ ref('stg_crm__customers') }} as crm_customers
    on
        touches.crm_customer_id = crm_customers.crm_customer_id
        and {{ holds_on(
            'touches.touched_at', 'crm_customers.valid_from', 'crm_customers.valid_to'
        ) }}
cross join lead_consents
left join {{ ref('stg_crm__leads') }} as leads
    on
        touches.lead_id = leads.lead_id
        and {{ holds_on('touches.touched_at', 'leads.valid_from', 'leads.valid_to') }}
left join reactions on touches.touch_id = reactions.touch_id
