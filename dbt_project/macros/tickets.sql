{#- What a ticket's status says: open, solved, or void for what counts nowhere. -#}
{% macro ticket_state(status) -%}
    case
        when {{ status }} in ('solved', 'closed') then 'solved'
        when {{ status }} in ('merged', 'spam', 'test') then 'void'
        else 'open'
    end
{%- endmacro %}

{#- Whole minutes from one time to another, by the clock; what was begun is not counted. -#}
{% macro minutes_between(first_time, second_time) -%}
    cast(floor({{ dbt.datediff(first_time, second_time, 'second') }} / 60) as integer)
{%- endmacro %}

{#- The life cycle of a complaint (handbook C16), in order. -#}
{% macro complaint_states() -%}
    {{ return(['received', 'classified', 'assessed', 'solved', 'won_back', 'improved']) }}
{%- endmacro %}

{#- 1 for Monday to 7 for Sunday; counted from a Monday, so that no engine's own week matters. -#}
{% macro iso_weekday(day) -%}
    cast(mod({{ days_between("cast('1900-01-01' as date)", day) }}, 7) + 1 as integer)
{%- endmacro %}

{#- Seconds that a business calendar was open from its first day to a time: `days` is the row of
    `int_business_days` of the time's day. -#}
{% macro open_seconds(days, time) -%}
    (
        {{ days }}.open_minutes_before * 60
        + least(
            greatest(
                {{ dbt.datediff(dbt.date_trunc('day', time), time, 'second') }}
                - coalesce({{ days }}.opens_minute, 0) * 60,
                0
            ),
            {{ days }}.open_minutes * 60
        )
    )
{%- endmacro %}

{#- The group of kinds in which a ticket is counted: incidents and requests are never mixed. -#}
{% macro ticket_kind_group(kind) -%}
    case
        when {{ kind }} in ('service_request', 'question') then 'request'
        else {{ kind }}
    end
{%- endmacro %}
