-- depends_on: {{ ref('customer_indicators') }}
{# The catalogue and the columns of customer_indicators name the same indicators. #}
{% set keys = ['customer_id', 'as_of_date'] -%}
{%- set columns = adapter.get_columns_in_relation(ref('customer_indicators'))
    | map(attribute='name') | reject('in', keys) | list if execute else [] -%}
with columns_in_mart as (

    {% for column in columns -%}
    select '{{ column }}' as indicator_id
    {{ 'union all' if not loop.last }}
    {% else -%}
    select cast(null as varchar) as indicator_id
    {%- endfor %}

),

indicators as (

    select catalogue.indicator_id
    from {{ ref('indicators') }} as catalogue
    where catalogue.mart = 'customer_indicators'

)

select coalesce(columns_in_mart.indicator_id, indicators.indicator_id) as indicator_id
from columns_in_mart
full outer join indicators
    on columns_in_mart.indicator_id = indicators.indicator_id
where columns_in_mart.indicator_id is null or indicators.indicator_id is null
