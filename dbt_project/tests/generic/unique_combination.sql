{#- No two rows of the model share the values of these columns, and none of them is empty, but those
    named as nullable: a row without its key belongs to nobody. One scan for both. -#}
{% test unique_combination(model, columns, nullable=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns if column not in nullable %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
