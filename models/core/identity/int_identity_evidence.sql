{#- Grain: one row per source record, kind of evidence, value and whether a contact person brought
    it: what every version of the record ever said, in normal form. Holds personal data; never
    leaves the core. -#}
with versions as (

    {% for system, relation, id, entity, name, has_phone, has_crm_id, is_crm in [
        (
            'crm', ref('stg_crm__customers'), 'crm_customer_id', 'crm_customer_id',
            'customer_name', true, false, true
        ),
        (
            'crm', ref('stg_crm__contacts'), 'crm_customer_id', 'contact_id',
            'full_name', true, false, false
        ),
        (
            'billing', ref('stg_billing__accounts'), 'source_customer_id', 'source_customer_id',
            'account_name', true, true, false
        ),
        (
            'support', ref('stg_support__requesters'), 'requester_id', 'requester_id',
            'requester_name', true, true, false
        ),
        (
            'survey', ref('stg_survey__respondents'), 'respondent_id', 'respondent_id',
            'respondent_name', true, true, false
        ),
        (
            'usage', ref('stg_usage__accounts'), 'account_id', 'account_id',
            'account_name', false, true, false
        ),
    ] -%}
    select
        '{{ system }}' as source_system,
        versions.{{ id }} as source_id,
        {{ 'true' if entity == 'contact_id' else 'false' }} as is_contact,
        versions.email,
        {{ 'versions.phone' if has_phone else 'cast(null as varchar)' }} as phone,
        versions.{{ name }} as name,
        {{ 'versions.crm_customer_id' if has_crm_id else 'cast(null as varchar)' }}
            as stated_crm_id,
        {{ 'versions.parent_crm_customer_id' if is_crm else 'cast(null as varchar)' }}
            as parent_id,
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

-- Normal forms are dear and most texts stand in several versions and systems: once for each text.
-- (Grouped again, or the engine would compute the form both to keep a row and to show it.)
{% for kind, form in [
    ('email', normal_email('texts.text_value')),
    ('phone', normal_phone('texts.text_value')),
    ('name', normal_name('texts.text_value')),
] -%}
{{ kind }}_forms as (

    select
        texts.text_value,
        max({{ form }}) as value
    from (
        select distinct versions.{{ kind }} as text_value
        from versions
        where versions.{{ kind }} is not null
    ) as texts
    group by texts.text_value

){{ ',' if not loop.last }}

{% endfor -%}

{% for kind, column in [
    ('email', none), ('phone', none), ('name', none),
    ('crm_id', 'stated_crm_id'), ('parent_id', 'parent_id'), ('customer_kind', 'customer_kind'),
] -%}
{%- set value = 'versions.' ~ column if column else 'forms.value' -%}
select
    versions.source_system,
    versions.source_id,
    '{{ kind }}' as evidence_kind,
    {{ value }} as value,
    versions.is_contact,
    min(versions.valid_from) as valid_from,
    case when count(*) = count(versions.valid_to) then max(versions.valid_to) end as valid_to,
    min(versions.load_id) as load_id,
    case
        when count(*) = count(versions.valid_to) then max(versions.ended_load_id)
    end as ended_load_id
from versions
{% if not column -%}
inner join {{ kind }}_forms as forms on versions.{{ kind }} = forms.text_value
{% endif -%}
where {{ value }} <> ''
group by versions.source_system, versions.source_id, {{ value }}, versions.is_contact
{{ 'union all' if not loop.last }}
{% endfor %}
