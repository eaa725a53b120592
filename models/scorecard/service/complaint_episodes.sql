{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    topic_episodes.topic,
    topic_episodes.started_on,
    topic_episodes.as_of_date,
    topic_episodes.detected_on,
    topic_episodes.days_to_detection,
    topic_episodes.peak_on,
    topic_episodes.peak_count,
    round(topic_episodes.usual_count, 6) as usual_count,
    topic_episodes.ticket_count,
    topic_episodes.severe_count,
    topic_episodes.alarm_days,
    topic_episodes.recovered_on,
    topic_episodes.days_to_recovery,
    topic_episodes.is_final,
    topic_episodes.affected_customers,
    cast(topic_episodes.affected_revenue_12m as decimal(18, 2)) as affected_revenue_12m
from {{ ref('ind_topic_episodes') }} as topic_episodes
inner join run_months
    on
        topic_episodes.as_of_date >= run_months.first_month
        and topic_episodes.as_of_date <= run_months.last_month
