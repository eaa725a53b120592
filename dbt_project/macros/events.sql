{#-
    The columns of one kind of event of the narrative thread, in the thread's order; what a kind
    does not have is null. `key` tells events of one type apart and makes `event_id`.
-#}
{% macro event_columns(
    event_type, source_system, key, source_id, occurred_at, month_end, customer_id,
    touchpoint='null', channel='null', detail='null', amount='null', line_count='null',
    value='null', sentiment='null', is_customer_initiated='null', is_two_way='null'
) -%}
    {{ customer_id }} as customer_id,
    {{ event_type }} as event_type,
    {{ source_system }} as source_system,
    {{ key }} as event_key,
    {{ source_id }} as source_id,
    cast({{ occurred_at }} as timestamp) as occurred_at,
    {{ month_end }} as month_end,
    cast({{ touchpoint }} as varchar) as touchpoint,
    cast({{ channel }} as varchar) as channel,
    cast({{ detail }} as varchar) as detail,
    cast({{ amount }} as decimal(18, 4)) as amount,
    cast({{ line_count }} as integer) as line_count,
    cast({{ value }} as decimal(18, 4)) as value,
    cast({{ sentiment }} as decimal(9, 6)) as sentiment,
    cast({{ is_customer_initiated }} as boolean) as is_customer_initiated,
    cast({{ is_two_way }} as boolean) as is_two_way
{%- endmacro %}
