{#- Grain: one row per answered invitation with items on perceived value: its index and each item on
    0 to 100. What is received (product, service, people, image) minus what it costs (money, time,
    energy, worry), both weighed by importance, set on 0 to 100: 50 is as much as it costs. -#}
with items as (

    select
        survey_answers.invitation_id,
        survey_answers.customer_id,
        survey_answers.wave,
        survey_answers.month_end,
        survey_answers.responded_at,
        survey_answers.superseded_at,
        survey_answers.measure,
        survey_answers.score_0_100,
        value_dimensions.dimension,
        value_dimensions.side,
        cast(value_dimensions.stated_importance as decimal(9, 6)) as importance
    from {{ ref('int_survey_answers') }} as survey_answers
    left join {{ ref('value_dimensions') }} as value_dimensions
        on
            case when survey_answers.measure = 'value_item' then survey_answers.dimension end
            = value_dimensions.dimension
    where
        survey_answers.score_0_100 is not null
        and survey_answers.invitation_id is not null
        and (
            value_dimensions.dimension is not null
            or (survey_answers.measure = 'csat' and survey_answers.ticket_id is null)
        )

),

totals as (

    select
        sum(
            case
                when value_dimensions.side = 'benefit'
                    then cast(value_dimensions.stated_importance as decimal(9, 6))
            end
        ) as benefit_weight,
        sum(
            case
                when value_dimensions.side = 'cost'
                    then cast(value_dimensions.stated_importance as decimal(9, 6))
            end
        ) as cost_weight
    from {{ ref('value_dimensions') }} as value_dimensions

),

answered as (

    select
        items.invitation_id,
        max(items.customer_id) as customer_id,
        max(items.wave) as wave,
        min(items.month_end) as month_end,
        min(items.responded_at) as responded_at,
        min(items.superseded_at) as superseded_at,
        max(case when items.measure = 'csat' then items.score_0_100 end) as satisfaction
        {%- for dimension in [
            'product', 'service', 'personnel', 'image', 'money', 'time', 'energy', 'psychic'
        ] %},
        max(case when items.dimension = '{{ dimension }}' then items.score_0_100 end)
            as {{ dimension }}_score
        {%- endfor %}
        {%- for side in ['benefit', 'cost'] %},
        sum(case when items.side = '{{ side }}' then items.importance end) as {{ side }}_weight,
        sum(case when items.side = '{{ side }}' then items.importance * items.score_0_100 end)
            as {{ side }}_sum
        {%- endfor %}
    from items
    group by items.invitation_id

)

select
    answered.invitation_id,
    answered.customer_id,
    answered.wave,
    answered.month_end,
    answered.responded_at,
    {{ month_end('answered.superseded_at') }} as superseded_month,
    answered.satisfaction,
    answered.product_score,
    answered.service_score,
    answered.personnel_score,
    answered.image_score,
    answered.money_score,
    answered.time_score,
    answered.energy_score,
    answered.psychic_score,
    -- A score of a cost is 100 where it costs nothing, so that the two sides add up.
    case
        when
            answered.benefit_weight >= {{ var('value_items_min') }} * totals.benefit_weight
            and answered.cost_weight >= {{ var('value_items_min') }} * totals.cost_weight
            then cast(
                round(
                    (
                        {{ ratio('answered.benefit_sum', 'answered.benefit_weight') }}
                        + {{ ratio('answered.cost_sum', 'answered.cost_weight') }}
                    ) / 2, 6
                ) as decimal(9, 6)
            )
    end as value_index
from answered
cross join totals
where answered.benefit_weight is not null or answered.cost_weight is not null
