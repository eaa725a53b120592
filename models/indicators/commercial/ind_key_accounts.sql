{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, where interactions were measured: of the active customers of the
    highest value tier, how many are looked after: have an owner, a plan and a recent contact. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select
        measured_facts.as_of_date,
        {%- for fact in ['interactions', 'relationship_events'] %}
        max(case when measured_facts.fact = '{{ fact }}' and measured_facts.is_measured then 1 end)
        is not null as {{ fact }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    group by measured_facts.as_of_date

),

key_accounts as (

    select
        ind_value.customer_id,
        ind_value.as_of_date,
        attributes.owner_id
    from {{ ref('ind_value') }} as ind_value
    inner join months on ind_value.as_of_date = months.as_of_date
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            ind_value.customer_id = ind_activity.customer_id
            and ind_value.as_of_date = ind_activity.as_of_date
    left join {{ ref('int_customer_attribute_months') }} as attributes
        on
            ind_value.customer_id = attributes.customer_id
            and ind_value.as_of_date = attributes.as_of_date
    where months.interactions and ind_value.tier = 'A' and ind_activity.is_active

),

links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm'

),

contacted as (

    select distinct
        links.customer_id,
        months.as_of_date
    from {{ ref('stg_crm__interactions') }} as interactions
    inner join links on interactions.crm_customer_id = links.crm_customer_id
    inner join months
        on
            cast(interactions.occurred_at as date) <= months.as_of_date
            and cast(interactions.occurred_at as date) > {{ dbt.dateadd(
                'day', -var('key_account_contact_days'), 'months.as_of_date'
            ) }}
    where interactions.is_two_way

),

planned as (

    select
        activity.customer_id,
        months.as_of_date
    from {{ ref('int_customer_activity') }} as activity
    inner join months
        on
            activity.as_of_date <= months.as_of_date
            and activity.as_of_date > {{ month_end_after('months.as_of_date', -12) }}
    where activity.joint_plans > 0
    group by activity.customer_id, months.as_of_date

)

select
    key_accounts.as_of_date,
    cast(count(*) as integer) as key_account_count,
    cast({{ count_when('key_accounts.owner_id is not null') }} as integer) as owned_count,
    case when max(case when months.relationship_events then 1 else 0 end) = 1
        then cast({{ count_when('planned.customer_id is not null') }} as integer)
    end as planned_count,
    cast({{ count_when('contacted.customer_id is not null') }} as integer) as contacted_count,
    case when max(case when months.relationship_events then 1 else 0 end) = 1
        then cast({{ count_when(
            'key_accounts.owner_id is not null and planned.customer_id is not null'
            ' and contacted.customer_id is not null'
        ) }} as integer)
    end as covered_count
from key_accounts
inner join months on key_accounts.as_of_date = months.as_of_date
left join contacted
    on
        key_accounts.customer_id = contacted.customer_id
        and key_accounts.as_of_date = contacted.as_of_date
left join planned
    on
        key_accounts.customer_id = planned.customer_id
        and key_accounts.as_of_date = planned.as_of_date
group by key_accounts.as_of_date
