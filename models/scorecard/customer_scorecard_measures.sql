-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('indicators') }}
{%- set measures = profile_measures('retail_billing') | selectattr('is_available') | list %}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

scores as (

    select
        ind_scores.*,
        customer_windows.line_count_12m,
        customer_windows.line_count_trend,
        customer_windows.lifetime_line_count
    from {{ ref('ind_scores__retail_billing') }} as ind_scores
    inner join run_window
        on
            ind_scores.as_of_date
            > {{ month_end_after('run_window.last_month', -var('explained_months')) }}
            and ind_scores.as_of_date <= run_window.last_month
    inner join {{ ref('int_customer_windows') }} as customer_windows
        on
            ind_scores.customer_id = customer_windows.customer_id
            and ind_scores.as_of_date = customer_windows.as_of_date

),

measures as (
    {%- for measure in measures %}

    select
        scores.customer_id,
        scores.as_of_date,
        scores.profile,
        '{{ measure['dimension'] }}' as dimension,
        '{{ measure['measure'] }}' as measure,
        scores.{{ measure['measure'] }}__raw as raw_value,
        scores.{{ measure['measure'] }}__score as score,
        cast({{ measure['weight'] }} * {{ measure['dimension_weight'] }} as double) as weight,
        case when scores.score is not null then scores.{{ measure['measure'] }}__weight end
            as effective_weight,
        case
            when scores.score is not null
                then scores.{{ measure['measure'] }}__weight
                    * coalesce(scores.{{ measure['measure'] }}__score, 0)
        end as contribution,
        scores.{{ measure['source_rows_column'] }} as source_row_count
    from scores
    {{- '\n\n    union all' if not loop.last }}
    {%- else %}

    select
        cast(null as varchar) as customer_id,
        cast(null as date) as as_of_date,
        cast(null as varchar) as profile,
        cast(null as varchar) as dimension,
        cast(null as varchar) as measure,
        cast(null as double) as raw_value,
        cast(null as double) as score,
        cast(null as double) as weight,
        cast(null as double) as effective_weight,
        cast(null as double) as contribution,
        cast(null as integer) as source_row_count
    {%- endfor %}

)

select
    measures.customer_id,
    measures.as_of_date,
    measures.profile,
    measures.dimension,
    measures.measure,
    round(measures.raw_value, 6) as raw_value,
    round(measures.score, 6) as score,
    round(measures.weight, 6) as weight,
    round(measures.effective_weight, 6) as effective_weight,
    round(measures.contribution, 6) as contribution,
    measures.source_row_count
from measures
