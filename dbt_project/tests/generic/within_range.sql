{#- Every measured value lies in [low, high]; null is not measured and passes. -#}
{% test within_range(model, column_name, low=none, high=none) %}
select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and (
        1 = 0
        {%- if low is not none %} or {{ column_name }} < {{ low }}{% endif %}
        {%- if high is not none %} or {{ column_name }} > {{ high }}{% endif %}
    )
{% endtest %}
