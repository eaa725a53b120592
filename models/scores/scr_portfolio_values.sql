-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('group_measures') }}
-- depends_on: {{ ref('portfolio_marts') }}
-- depends_on: {{ ref('acquisition_cost') }}
-- depends_on: {{ ref('complaints_by_tier') }}
-- depends_on: {{ ref('credit_by_grade') }}
-- depends_on: {{ ref('customer_equity') }}
-- depends_on: {{ ref('lead_conversion') }}
-- depends_on: {{ ref('new_customer_value') }}
-- depends_on: {{ ref('nps_by_group') }}
-- depends_on: {{ ref('portfolio_indicators') }}
-- depends_on: {{ ref('sales_performance') }}
-- depends_on: {{ ref('satisfaction_by_group') }}
-- depends_on: {{ ref('service_by_tier') }}
-- depends_on: {{ ref('tier_scorecard') }}
{#- Grain: one row per month end and measure of the portfolio that a profile uses: the published
    number of the row that speaks of the whole company, and the cases it rests on. -#}
{%- set measures, rows_of_marts = portfolio_measure_rows(), portfolio_rows_of_marts() %}
with found as (
    {%- for measure in measures %}

    select
        source.as_of_date,
        '{{ measure['indicator_id'] }}' as indicator_id,
        cast(source.{{ measure['column_name'] }} as double) as raw_value,
        cast(round(source.{{ measure['n_column'] }}, 0) as bigint) as case_count,
        {{ 'source.' ~ measure['low_n_column'] if measure['low_n_column']
            else 'cast(null as boolean)' }} as is_low_n
    from {{ ref(measure['mart']) }} as source
    {%- for each in rows_of_marts[measure['mart']] %}
    {{ 'where' if loop.first else 'and' }}
        cast(source.{{ each['column_name'] }} as varchar) = '{{ each['column_value'] }}'
    {%- endfor %}
    {{- '\n    union all' if not loop.last }}
    {%- else %}

    select
        cast(null as date) as as_of_date,
        cast(null as varchar) as indicator_id,
        cast(null as double) as raw_value,
        cast(null as bigint) as case_count,
        cast(null as boolean) as is_low_n
    {%- endfor %}

)

select
    found.as_of_date,
    found.indicator_id,
    found.raw_value,
    found.case_count,
    found.is_low_n
from found
inner join {{ ref('int_months') }} as months on found.as_of_date = months.as_of_date
