{#- Grain: one row per source system and identifier: everything that may be a customer under some
    number. A number that only facts name (an invoice, a ticket) is a record without evidence. -#}
with crm_versions as (

    select
        customers.crm_customer_id,
        customers.first_seen_at,
        customers.valid_from,
        customers.load_id,
        customers.customer_name,
        customers.email,
        customers.phone,
        lag(customers.customer_name) over (
            partition by customers.crm_customer_id order by customers.valid_from
        ) as name_before,
        lag(customers.email) over (
            partition by customers.crm_customer_id order by customers.valid_from
        ) as email_before,
        lag(customers.phone) over (
            partition by customers.crm_customer_id order by customers.valid_from
        ) as phone_before
    from {{ ref('stg_crm__customers') }} as customers

),

-- Normal forms are dear: only where all three texts changed.
changed as (

    select
        crm_versions.crm_customer_id,
        crm_versions.load_id,
        {{ normal_name('crm_versions.customer_name') }} as name,
        {{ normal_name('crm_versions.name_before') }} as name_before,
        {{ normal_email('crm_versions.email') }} as email,
        {{ normal_email('crm_versions.email_before') }} as email_before,
        {{ normal_phone('crm_versions.phone') }} as phone,
        {{ normal_phone('crm_versions.phone_before') }} as phone_before
    from crm_versions
    where
        crm_versions.customer_name <> crm_versions.name_before
        and crm_versions.email <> crm_versions.email_before
        and crm_versions.phone <> crm_versions.phone_before

),

reused as (

    select
        'crm' as source_system,
        changed.crm_customer_id as source_id,
        min(changed.load_id) as load_id
    from changed
    where
        not {{ names_agree('changed.name', 'changed.name_before') }}
        and changed.email <> changed.email_before
        and changed.phone <> changed.phone_before
    group by changed.crm_customer_id

),

sightings as (

    select
        'crm' as source_system,
        crm_versions.crm_customer_id as source_id,
        min(crm_versions.valid_from) as recorded_at,
        min(crm_versions.load_id) as load_id,
        min(crm_versions.load_id) as version_load_id,
        min(crm_versions.first_seen_at) as first_seen_at
    from crm_versions
    group by crm_versions.crm_customer_id
    {% for system, relation, id, recorded_at, has_version in [
        ('billing', ref('stg_billing__accounts'), 'source_customer_id', 'valid_from', true),
        ('billing', ref('stg_billing__invoices'), 'source_customer_id', 'invoiced_at', false),
        ('billing', ref('stg_billing__credit_notes'), 'source_customer_id', 'credited_at', false),
        ('billing', ref('stg_billing__subscriptions'), 'source_customer_id', 'valid_from', false),
        ('support', ref('stg_support__requesters'), 'requester_id', 'valid_from', true),
        ('support', ref('stg_support__tickets'), 'requester_id', 'created_at', false),
        ('survey', ref('stg_survey__respondents'), 'respondent_id', 'valid_from', true),
        ('survey', ref('stg_survey__invitations'), 'respondent_id', 'sent_at', false),
        ('usage', ref('stg_usage__accounts'), 'account_id', 'valid_from', true),
        ('usage', ref('stg_usage__daily_counts'), 'account_id', 'usage_date', false),
    ] -%}
    union all
    select
        '{{ system }}' as source_system,
        facts.{{ id }} as source_id,
        min(cast(facts.{{ recorded_at }} as timestamp)) as recorded_at,
        min(facts.load_id) as load_id,
        {{ 'min(facts.load_id)' if has_version else 'cast(null as bigint)' }} as version_load_id,
        cast(null as timestamp) as first_seen_at
    from {{ relation }} as facts
    where facts.{{ id }} is not null
    group by facts.{{ id }}
    {% endfor %}

),

records as (

    select
        sightings.source_system,
        sightings.source_id,
        min(sightings.recorded_at) as first_recorded_at,
        min(sightings.first_seen_at) as first_seen_at,
        min(sightings.load_id) as first_load_id,
        min(sightings.version_load_id) as version_load_id
    from sightings
    group by sightings.source_system, sightings.source_id

)

select
    records.source_system,
    records.source_id,
    records.first_recorded_at,
    records.first_seen_at,
    records.first_load_id,
    records.version_load_id,
    reused.load_id as id_reused_load_id,
    reused.load_id is not null as is_id_reused
from records
left join reused
    on records.source_system = reused.source_system and records.source_id = reused.source_id
