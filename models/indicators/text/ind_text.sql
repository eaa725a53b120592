{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. What the customer's own words say (handbook C3):
    mood, share of bad texts, worst severity. A window is whole months: a text that is older than
    twelve of them would weigh less than 6 % and is left out, so that a month costs the same for
    ever. -#}
with run_months as (

    {{ run_months() }}

),

measured as (

    select
        measured_facts.as_of_date,
        max(case when measured_facts.is_measured then 1 else 0 end) = 1 as is_measured
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    where measured_facts.fact in ('ticket_comments', 'survey_answers')
    group by measured_facts.as_of_date

),

spine as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        measured.is_measured
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join run_months
        on
            customer_activity.as_of_date >= run_months.first_month
            and customer_activity.as_of_date <= run_months.last_month
    inner join measured on customer_activity.as_of_date = measured.as_of_date

),

items as (

    select text_items.*
    from {{ ref('int_text_items') }} as text_items
    inner join run_months
        on
            text_items.month_end >= {{ month_end_after('run_months.first_month', -11) }}
            and text_items.month_end <= run_months.last_month
    where text_items.customer_id is not null

),

window_months as (

    {{ dbt.generate_series(12) }}

),

-- Each text stands in the twelve month ends from its own on.
spread as (

    select
        items.customer_id,
        {{ month_end_after(
            'items.month_end', 'cast(window_months.generated_number - 1 as integer)'
        ) }} as as_of_date,
        window_months.generated_number as window_month,
        cast(items.happened_at as date) as written_on,
        items.known_month,
        cast(items.excluded_at as date) as excluded_on,
        items.sentiment,
        items.severity
    from items
    cross join window_months

),

-- Weights are rounded, so that all that is summed is decimal.
weighed as (

    select
        spread.*,
        case
            when spread.sentiment is not null
                then cast(
                    power(
                        cast(0.5 as double),
                        cast({{ days_between('spread.written_on', 'spread.as_of_date') }} as double)
                        / {{ var('sentiment_half_life_days') }}
                    ) as decimal(10, 9)
                )
        end as weight
    from spread
    inner join run_months
        on
            spread.as_of_date >= run_months.first_month
            and spread.as_of_date <= run_months.last_month
    where
        spread.known_month <= spread.as_of_date
        and (spread.excluded_on is null or spread.excluded_on > spread.as_of_date)

),

summed as (

    select
        weighed.customer_id,
        weighed.as_of_date,
        count(*) as item_count,
        count(weighed.sentiment) as scored_count,
        sum(
            case when weighed.sentiment < {{ var('negative_sentiment_below') }} then 1 else 0 end
        ) as negative_count,
        sum(weighed.weight) as weight_sum,
        sum(weighed.weight * weighed.sentiment) as weighted_sum,
        min(case when weighed.window_month <= 6 then weighed.severity end) as worst_severity
    from weighed
    group by weighed.customer_id, weighed.as_of_date

)

select
    spine.customer_id,
    spine.as_of_date,
    {{ measured_count('spine.is_measured', 'summed.item_count') }} as text_items_12m,
    {{ measured_count('spine.is_measured', 'summed.scored_count') }} as scored_text_items_12m,
    case
        when spine.is_measured and summed.scored_count > 0
            then round(
                {{ ratio(
                    'summed.weighted_sum', 'summed.weight_sum + ' ~ var('sentiment_shrinkage')
                ) }},
                6
            )
    end as sentiment,
    case
        when spine.is_measured
            then {{ ratio('summed.negative_count', 'summed.scored_count') }}
    end as negative_text_ratio_12m,
    case when spine.is_measured then summed.worst_severity end as worst_text_severity_6m
from spine
left join summed
    on spine.customer_id = summed.customer_id and spine.as_of_date = summed.as_of_date
