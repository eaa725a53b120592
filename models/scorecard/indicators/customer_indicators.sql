{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('indicators') }}
{#- Every column is a row of the catalogue (`dbt_project/seeds/indicators.csv`), which names the
    model that computes it. -#}
{%- set models = [
    'ind_value', 'ind_activity', 'ind_retention', 'ind_loyalty', 'ind_lifecycle',
    'ind_satisfaction', 'ind_text', 'ind_service', 'ind_experience', 'ind_cost_to_serve',
    'ind_relationship', 'ind_stages', 'ind_iceberg', 'ind_credit', 'ind_loyalty_points',
    'ind_growth', 'ind_trade', 'ind_judgements', 'ind_potential',
] %}
with run_months as (

    {{ run_months() }}

)

select
    ind_value.customer_id,
    ind_value.as_of_date
    {%- for model in models %}
    {%- for column in published_indicators(model) %},
    {{ column }}
    {%- endfor %}
    {%- endfor %}
from {{ ref('ind_value') }} as ind_value
inner join run_months
    on
        ind_value.as_of_date >= run_months.first_month
        and ind_value.as_of_date <= run_months.last_month
{%- for model in models[1:] %}
inner join {{ ref(model) }} as {{ model }}
    on
        ind_value.customer_id = {{ model }}.customer_id
        and ind_value.as_of_date = {{ model }}.as_of_date
{%- endfor %}
