{#- Grain: one row per source record, kind of evidence, value and whether a contact person brought it:
    what every version of the record ever said, in normal form. Holds personal data; never leaves
    the core. -#}
with versions as (

    {% for system, relation, id, entity, name, phone, stated_id, is_crm in [
        ('crm', ref('stg_crm__customers'), 'crm_customer_id', 'crm_customer_id', 'customer_name', 'versions.phone', none, true),
        ('crm', ref('stg_crm__contacts'), 'crm_customer_id', 'contact_id', 'full_name', 'versions.phone', none, false),
        ('billing', ref('stg_billing__accounts'), 'source_customer_id', 'source_customer_id', 'account_name', 'versions.phone', 'crm_customer_id', false),
        ('support', ref('stg_support__requesters'), 'requester_id', 'requester_id', 'requester_name', 'versions.phone', 'crm_customer_id', false),
        ('survey', ref('stg_survey__respondents'), 'respondent_id', 'respondent_id', 'respondent_name', 'versions.phone', 'crm_customer_id', false),
        ('usage', ref('stg_usage__accounts'), 'account_id', 'account_id', 'account_name', 'null', 'crm_customer_id', false),
    ] -%}
    select
        '{{ system }}' as source_system,
        versions.{{ id }} as source_id,
        {{ 'true' if entity == 'contact_id' else 'false' }} as is_contact,
        versions.email,
        cast({{ phone }} as varchar) as phone,
        versions.{{ name }} as name,
        {{ 'versions.' ~ stated_id if stated_id else 'cast(null as varchar)' }} as stated_crm_id,
        {{ 'versions.parent_crm_customer_id' if is_crm else 'cast(null as varchar)' }} as parent_id,
        {{ 'versions.customer_kind' if is_crm else 'cast(null as varchar)' }} as customer_kind,
        versions.valid_from,
        versions.valid_to,
        versions.load_id,
        lead(versions.load_id) over (
            partition by versions.{{ entity }} order by versions.valid_from
        ) as ended_load_id
    from {{ relation }} as versions
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- One row per text and record first: most versions change something else.
texts as (

    {% for kind, column in [
        ('email', 'email'), ('phone', 'phone'), ('name', 'name'), ('crm_id', 'stated_crm_id'),
        ('parent_id', 'parent_id'), ('customer_kind', 'customer_kind'),
    ] -%}
    select
        versions.source_system,
        versions.source_id,
        versions.is_contact,
        '{{ kind }}' as evidence_kind,
        versions.{{ column }} as text_value,
        min(versions.valid_from) as valid_from,
        case when count(*) = count(versions.valid_to) then max(versions.valid_to) end as valid_to,
        min(versions.load_id) as load_id,
        case
            when count(*) = count(versions.valid_to) then max(versions.ended_load_id)
        end as ended_load_id
    from versions
    where versions.{{ column }} is not null
    group by
        versions.source_system, versions.source_id, versions.is_contact, versions.{{ column }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

bare as (

    select
        texts.*,
        case
            when texts.evidence_kind = 'phone' then {{ bare_phone('texts.text_value') }}
        end as bare_phone
    from texts

),

national as (

    select
        bare.*,
        {{ national_phone('bare.bare_phone') }} as national_phone
    from bare

),

normal as (

    select
        national.*,
        case national.evidence_kind
            when 'email' then {{ normal_email('national.text_value') }}
            when 'phone' then {{ normal_phone('national.national_phone') }}
            when 'name' then {{ normal_name('national.text_value') }}
            else nullif(national.text_value, '')
        end as value
    from national

)

select
    normal.source_system,
    normal.source_id,
    normal.evidence_kind,
    normal.value,
    normal.is_contact,
    min(normal.valid_from) as valid_from,
    case when count(*) = count(normal.valid_to) then max(normal.valid_to) end as valid_to,
    min(normal.load_id) as load_id,
    case when count(*) = count(normal.valid_to) then max(normal.ended_load_id) end as ended_load_id
from normal
where normal.value is not null
group by
    normal.source_system, normal.source_id, normal.evidence_kind, normal.value, normal.is_contact
