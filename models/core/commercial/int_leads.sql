{#- Grain: one row per lead, each fact with the month by whose end the CRM had recorded it. Channel
    and campaign are those of the first version: a lead that is moved later moves no past month. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

versions as (

    select
        leads.*,
        row_number() over (partition by leads.lead_id order by leads.valid_from) as version_number
    from {{ ref('stg_crm__leads') }} as leads
    inner join run_window on cast(leads.valid_from as date) <= run_window.last_month

),

facts as (

    select
        versions.lead_id,
        min(versions.valid_from) as known_at,
        min(versions.created_at) as created_at,
        min(case when versions.first_response_at is not null then versions.version_number end)
            as responded_version,
        min(case when versions.converted_at is not null then versions.version_number end)
            as converted_version
    from versions
    group by versions.lead_id

)

select
    facts.lead_id,
    first_versions.channel,
    first_versions.campaign_id,
    facts.created_at,
    {{ month_end('facts.created_at') }} as created_month,
    {{ month_end('facts.known_at') }} as known_month,
    {{ month_end('responded.valid_from') }} as responded_month,
    case
        when responded.first_response_at >= facts.created_at
            then {{ minutes_between('facts.created_at', 'responded.first_response_at') }}
    end as response_minutes,
    converted.converted_at,
    {{ month_end('converted.valid_from') }} as converted_month
from facts
inner join versions as first_versions
    on facts.lead_id = first_versions.lead_id and first_versions.version_number = 1
left join versions as responded
    on
        facts.lead_id = responded.lead_id
        and facts.responded_version = responded.version_number
left join versions as converted
    on
        facts.lead_id = converted.lead_id
        and facts.converted_version = converted.version_number
