{#- Grain: one row per customer, month end (newest months) and profile of value with the three
    dimensions. High or low is held against the median of the last yearly review (handbook C12). -#}
{%- set dimensions = ['current_value', 'potential', 'relationship'] %}
with months as (

    {{ explained_months() }}

),

reviews as (

    select
        run_months.as_of_date,
        max(reviewed.as_of_date) as review_date
    from {{ ref('int_months') }} as run_months
    inner join months
        on
            run_months.as_of_date >= months.first_month
            and run_months.as_of_date <= months.last_month
    inner join {{ ref('stg_control__systems') }} as billing
        on billing.source_system = 'billing'
    left join {{ ref('int_months') }} as reviewed
        on
            run_months.as_of_date > reviewed.as_of_date
            and {{ is_review_month('reviewed.as_of_date', 'billing.measured_from') }}
    group by run_months.as_of_date

),

cuts as (

    select
        scores.profile,
        reviews.as_of_date,
        reviews.review_date,
        percentile_cont(0.5) within group (order by scores.current_value_score)
            as current_value_cut,
        percentile_cont(0.5) within group (order by scores.potential_score) as potential_cut,
        percentile_cont(0.5) within group (order by scores.relationship_score)
            as relationship_cut
    from reviews
    inner join {{ ref('customer_scorecard') }} as scores on reviews.review_date = scores.as_of_date
    where scores.kind = 'value'
    group by scores.profile, reviews.as_of_date, reviews.review_date

),

judged as (

    select
        scores.customer_id,
        scores.as_of_date,
        scores.profile,
        scores.tier,
        cuts.review_date
        {%- for dimension in dimensions %},
        scores.{{ dimension }}_score,
        cuts.{{ dimension }}_cut,
        case
            when scores.{{ dimension }}_score >= cuts.{{ dimension }}_cut then 'high'
            when scores.{{ dimension }}_score < cuts.{{ dimension }}_cut then 'low'
        end as {{ dimension }}_level
        {%- endfor %}
    from {{ ref('customer_scorecard') }} as scores
    inner join months
        on
            scores.as_of_date >= months.first_month
            and scores.as_of_date <= months.last_month
    inner join cuts
        on scores.profile = cuts.profile and scores.as_of_date = cuts.as_of_date
    -- A profile without one of the dimensions has no segments.
    where
        cuts.current_value_cut is not null
        and cuts.potential_cut is not null
        and cuts.relationship_cut is not null

)

select
    judged.customer_id,
    judged.as_of_date,
    judged.profile,
    judged.tier,
    judged.review_date
    {%- for dimension in dimensions %},
    judged.{{ dimension }}_score,
    round(judged.{{ dimension }}_cut, 6) as {{ dimension }}_cut,
    judged.{{ dimension }}_level
    {%- endfor %},
    coalesce(strategies.cell, 'unclassified') as cell,
    {{ may_contact('attributes.has_marketing_consent', 'strategies.needs_consent') }}
        as may_contact,
    {{ held_reason('attributes.has_marketing_consent', 'strategies.needs_consent') }}
        as held_reason
from judged
left join {{ ref('segment_strategies') }} as strategies
    on
        judged.current_value_level = strategies.current
        and judged.potential_level = strategies.potential
        and judged.relationship_level = strategies.relationship
left join {{ ref('int_customer_attribute_months') }} as attributes
    on
        judged.customer_id = attributes.customer_id
        and judged.as_of_date = attributes.as_of_date
