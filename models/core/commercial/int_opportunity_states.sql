{#- Grain: one row per sales opportunity and span of month ends [from_month, to_month) at which it
    stood the same, as the CRM had recorded by then. -#}
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
        {{ month_end('opportunities.valid_from') }} as from_month,
        first_value(opportunities.expected_close_date) over (
            partition by opportunities.opportunity_id order by opportunities.valid_from
        ) as first_expected_close_date,
        row_number() over (
            partition by
                opportunities.opportunity_id, {{ month_end('opportunities.valid_from') }}
            order by opportunities.valid_from desc
        ) as version_from_last
    from {{ ref('stg_crm__opportunities') }} as opportunities
    inner join run_window on cast(opportunities.valid_from as date) <= run_window.last_month

)

select
    versions.opportunity_id,
    versions.from_month,
    lead(versions.from_month) over (
        partition by versions.opportunity_id order by versions.from_month
    ) as to_month,
    links.customer_id,
    versions.lead_id,
    versions.opportunity_kind,
    versions.owner_id,
    versions.created_at,
    {{ month_end('versions.created_at') }} as created_month,
    case when versions.stage in ('won', 'lost') then versions.stage else 'open' end as state,
    case
        when versions.stage in ('won', 'lost')
            then {{ month_end('coalesce(versions.closed_at, versions.valid_from)') }}
    end as closed_month,
    case
        when versions.stage in ('won', 'lost')
            then {{ days_between(
                'cast(versions.created_at as date)',
                'cast(coalesce(versions.closed_at, versions.valid_from) as date)'
            ) }}
    end as cycle_days,
    case
        when versions.stage in ('won', 'lost')
            then {{ days_between(
                'versions.first_expected_close_date',
                'cast(coalesce(versions.closed_at, versions.valid_from) as date)'
            ) }}
    end as slipped_days,
    versions.expected_close_date,
    versions.probability,
    {{ in_reporting_currency('versions.amount', 'versions.currency_code', 'rate_days.rate') }}
        as amount
from versions
left join links on versions.crm_customer_id = links.crm_customer_id
left join {{ ref('int_exchange_rate_days') }} as rate_days
    on
        versions.currency_code = rate_days.currency_code
        and cast(versions.created_at as date) = rate_days.rate_day
where versions.version_from_last = 1
