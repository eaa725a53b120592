{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, group (all, value tier, wave) and dimension of perceived value,
    and `index` for the whole, over twelve months of answers. The importance of a dimension is
    derived: how far its scores go with satisfaction, as a share of its side; a wave is one of the
    survey, a tier the customer's at the end of the month of the answer. -#}
{%- set dimensions = [
    'product', 'service', 'personnel', 'image', 'money', 'time', 'energy', 'psychic'
] -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ month_windows([12]) }}

),

answers as (

    select
        value_answers.*,
        windows.as_of_date,
        coalesce(ind_value.tier, 'none') as tier
    from {{ ref('int_value_answers') }} as value_answers
    inner join windows on value_answers.month_end = windows.month_end
    left join {{ ref('ind_value') }} as ind_value
        on
            value_answers.customer_id = ind_value.customer_id
            and value_answers.month_end = ind_value.as_of_date
    where
        value_answers.superseded_month is null
        or value_answers.superseded_month > windows.as_of_date

),

scores as (

    {% for dimension in dimensions + ['index'] -%}
    select
        answers.as_of_date,
        answers.tier,
        answers.wave,
        '{{ dimension }}' as dimension,
        {% if dimension == 'index' %}answers.value_index{% else %}answers.{{ dimension }}_score
        {%- endif %} as score,
        answers.satisfaction
    from answers
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

grouped as (

    {% for kind, group in [
        ('all', "'all'"), ('tier', 'scores.tier'), ('wave', 'scores.wave')
    ] -%}
    select
        scores.as_of_date,
        '{{ kind }}' as group_kind,
        {{ group }} as group_value,
        scores.dimension,
        count(*) as answer_count,
        sum(scores.score) as score_sum,
        sum({{ score_product('scores.score', 'scores.score') }}) as square_sum,
        count(scores.satisfaction) as pair_count,
        sum(case when scores.satisfaction is not null then scores.score end) as pair_score_sum,
        sum(
            case
                when scores.satisfaction is not null
                    then {{ score_product('scores.score', 'scores.score') }}
            end
        ) as pair_square_sum,
        sum(scores.satisfaction) as satisfaction_sum,
        sum({{ score_product('scores.satisfaction', 'scores.satisfaction') }})
            as satisfaction_square_sum,
        sum({{ score_product('scores.score', 'scores.satisfaction') }}) as cross_sum
    from scores
    where scores.score is not null
    {{- ' and scores.wave is not null' if kind == 'wave' }}
    group by scores.as_of_date, scores.dimension{{ ', ' ~ group if kind != 'all' }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

moments as (

    select
        grouped.*,
        {{ ratio('grouped.score_sum', 'grouped.answer_count') }} as performance,
        case
            when grouped.answer_count > 1
                then sqrt(
                    greatest(
                        cast(
                            grouped.square_sum * grouped.answer_count
                            - grouped.score_sum * grouped.score_sum as double
                        ), 0
                    ) / grouped.answer_count / (grouped.answer_count - 1) / grouped.answer_count
                )
        end as standard_error,
        cast(
            grouped.cross_sum * grouped.pair_count
            - grouped.pair_score_sum * grouped.satisfaction_sum as double
        ) / nullif(
            sqrt(
                greatest(
                    cast(
                        grouped.pair_square_sum * grouped.pair_count
                        - grouped.pair_score_sum * grouped.pair_score_sum as double
                    ), 0
                )
            ) * sqrt(
                greatest(
                    cast(
                        grouped.satisfaction_square_sum * grouped.pair_count
                        - grouped.satisfaction_sum * grouped.satisfaction_sum as double
                    ), 0
                )
            ), 0
        ) as correlation
    from grouped

),

with_side as (

    select
        moments.*,
        value_dimensions.side,
        cast(value_dimensions.stated_importance as double) as stated_importance,
        case
            when moments.pair_count >= {{ var('min_n') }} and value_dimensions.side is not null
                then cast(round(greatest(moments.correlation, 0), 6) as decimal(9, 6))
        end as pull
    from moments
    left join {{ ref('value_dimensions') }} as value_dimensions
        on moments.dimension = value_dimensions.dimension

),

shared as (

    select
        with_side.*,
        {{ ratio(
            'with_side.pull',
            'sum(with_side.pull) over (partition by with_side.as_of_date, with_side.group_kind, '
            ~ 'with_side.group_value, with_side.side)'
        ) }} as derived_importance,
        {{ ratio(
            'sum(with_side.pull) over items', 'count(with_side.pull) over items'
        ) }} as mean_pull,
        {{ ratio(
            'sum(case when with_side.side is not null then '
            ~ 'cast(round(with_side.performance, 6) as decimal(12, 6)) end) over items',
            'count(with_side.side) over items'
        ) }} as mean_performance
    from with_side
    window items as (
        partition by with_side.as_of_date, with_side.group_kind, with_side.group_value
    )

)

select
    shared.as_of_date,
    shared.group_kind,
    shared.group_value,
    shared.dimension,
    coalesce(shared.side, 'both') as side,
    cast(shared.answer_count as integer) as answer_count,
    shared.performance,
    greatest(
        shared.performance
        - {{ student_95('shared.answer_count - 1') }} * shared.standard_error, 0
    ) as performance_low,
    least(
        shared.performance
        + {{ student_95('shared.answer_count - 1') }} * shared.standard_error, 100
    ) as performance_high,
    shared.answer_count < {{ var('min_n') }} as is_low_n,
    shared.stated_importance,
    shared.derived_importance,
    case when shared.side is not null then shared.correlation end as correlation,
    case
        when shared.pull is null or shared.answer_count < {{ var('min_n') }} then null
        when shared.pull >= shared.mean_pull and shared.performance < shared.mean_performance
            then 'improve_first'
        when shared.pull >= shared.mean_pull then 'keep_up'
        when shared.performance < shared.mean_performance then 'low_priority'
        else 'more_than_needed'
    end as quadrant
from shared
