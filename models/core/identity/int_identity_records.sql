{#- Grain: one row per source system and identifier: everything that may be a customer under some
    number. A number that only facts name (an invoice, a ticket) is a record without evidence. -#}
with crm_evidence as (

    select
        evidence.source_id,
        evidence.evidence_kind,
        evidence.value,
        evidence.valid_from,
        evidence.valid_to,
        evidence.load_id
    from {{ ref('int_identity_evidence') }} as evidence
    where
        evidence.source_system = 'crm'
        and not evidence.is_contact
        and evidence.evidence_kind in ('email', 'phone', 'name')

),

-- When a record no longer said any of the three things that it had said, and said three others.
changed as (

    select
        ended.source_id,
        ended.valid_to as changed_at,
        max(started.load_id) as load_id,
        max(case
            when
                ended.evidence_kind = 'name'
                and started.evidence_kind = 'name'
                and {{ names_agree('ended.value', 'started.value') }}
                then 1
            else 0
        end) as has_like_name
    from crm_evidence as ended
    inner join crm_evidence as started
        on ended.source_id = started.source_id and ended.valid_to = started.valid_from
    group by ended.source_id, ended.valid_to
    having count(distinct ended.evidence_kind) = 3 and count(distinct started.evidence_kind) = 3

),

reused as (

    select
        'crm' as source_system,
        changed.source_id,
        min(changed.load_id) as load_id
    from changed
    where changed.has_like_name = 0
    group by changed.source_id

),

sightings as (

    select
        'crm' as source_system,
        customers.crm_customer_id as source_id,
        min(customers.valid_from) as recorded_at,
        min(customers.load_id) as load_id,
        min(customers.load_id) as version_load_id,
        min(customers.first_seen_at) as first_seen_at
    from {{ ref('stg_crm__customers') }} as customers
    group by customers.crm_customer_id
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
