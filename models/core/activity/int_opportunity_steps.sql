{#- Grain: one row per sales opportunity and step: opened, won, lost. A step is known when the CRM
    recorded it, which may be later than it happened. -#}
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

versions as (

    select
        opportunities.*,
        lag(opportunities.stage) over (
            partition by opportunities.opportunity_id order by opportunities.valid_from
        ) as previous_stage
    from {{ ref('stg_crm__opportunities') }} as opportunities
    inner join run_window on cast(opportunities.valid_from as date) <= run_window.last_month

),

steps as (

    select
        versions.*,
        'opened' as step,
        versions.created_at as happened_at
    from versions
    where versions.previous_stage is null
    union all
    select
        versions.*,
        versions.stage as step,
        coalesce(versions.closed_at, versions.valid_from) as happened_at
    from versions
    where
        versions.stage in ('won', 'lost')
        and (versions.previous_stage is null or versions.stage <> versions.previous_stage)

)

select
    steps.opportunity_id,
    steps.step,
    links.customer_id,
    steps.opportunity_kind,
    steps.amount,
    steps.currency_code,
    steps.created_at as opened_at,
    steps.happened_at,
    steps.valid_from as known_at,
    {{ month_end('steps.valid_from') }} as month_end
from steps
left join links on steps.crm_customer_id = links.crm_customer_id
