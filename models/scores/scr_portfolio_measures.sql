-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('group_measures') }}
{#- Grain: one row per month end: the whole portfolio, laid out as `scr_measures` lays out a
    customer. Measures of groups are rates over a window, so none is carried: measured or not. -#}
{%- set measures = portfolio_measure_rows() %}
with spread as (

    select
        months.as_of_date
        {%- for measure in measures %},
        max(
            case
                when portfolio_values.indicator_id = '{{ measure['indicator_id'] }}'
                    then portfolio_values.raw_value
            end
        ) as {{ measure['indicator_id'] }}
        {%- endfor %}
    from {{ ref('int_months') }} as months
    left join {{ ref('scr_portfolio_values') }} as portfolio_values
        on months.as_of_date = portfolio_values.as_of_date
    group by months.as_of_date

),

{{ targets_by_month('targets', measures | map(attribute='indicator_id') | list,
    'scr_portfolio_targets') }}

scored as (

    select
        spread.as_of_date
        {%- for measure in measures %}
        {%- set id = measure['indicator_id'] %},
        spread.{{ id }} as {{ id }}__raw,
        cast(
            {{ piecewise_score(
                'spread.' ~ id, 'targets.' ~ id ~ '__floor', 'targets.' ~ id ~ '__target',
                'targets.' ~ id ~ '__stretch', measure['direction'] == 'lower_is_better'
            ) }} as double
        ) as {{ id }}__piecewise
        {%- endfor %}
    from spread
    left join targets on spread.as_of_date = targets.as_of_date

)

select
    'all' as portfolio,
    'all' as tier,
    scored.*
    {%- for measure in measures %}
    {%- set id = measure['indicator_id'] %},
    cast(case when scored.{{ id }}__piecewise is not null then 1 else 0 end as double)
        as {{ id }}__evidence
    {%- endfor %}
from scored
