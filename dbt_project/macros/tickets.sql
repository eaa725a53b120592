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
