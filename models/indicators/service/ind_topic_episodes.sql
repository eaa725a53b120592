{#- Grain: one row per crisis (topic and day of its first alarm) and month end, from the month in
    which it was detected to the one in which its end was known; each as known at the month end. A
    crisis ends on the first of three days in a row inside the 95 % band; another one needs such
    days between. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

days as (

    select
        topic_days.*,
        coalesce(topic_days.is_in_band and not topic_days.is_crisis, false) as is_quiet
    from {{ ref('ind_topic_days') }} as topic_days

),

neighbours as (

    select
        topic_days.*,
        lead(topic_days.topic_date, 2) over by_day as third_date,
        lead(topic_days.is_quiet, 1) over by_day as is_second_quiet,
        lead(topic_days.is_quiet, 2) over by_day as is_third_quiet,
        min(case when topic_days.is_alarm then topic_days.topic_date end) over (
            partition by topic_days.topic order by topic_days.topic_date
            rows between 4 preceding and current row
        ) as first_alarm_date,
        max(case when topic_days.is_crisis then topic_days.topic_date end) over (
            partition by topic_days.topic order by topic_days.topic_date
            rows between unbounded preceding and 1 preceding
        ) as previous_crisis_date
    from days as topic_days
    window by_day as (partition by topic_days.topic order by topic_days.topic_date)

),

calm as (

    select
        neighbours.*,
        coalesce(
            neighbours.is_quiet and neighbours.is_second_quiet and neighbours.is_third_quiet
            and {{ days_between('neighbours.topic_date', 'neighbours.third_date') }} = 2,
            false
        ) as is_calm_begin
    from neighbours

),

last_calm as (

    select
        calm.*,
        max(case when calm.is_calm_begin then calm.topic_date end) over (
            partition by calm.topic order by calm.topic_date
            rows between unbounded preceding and current row
        ) as last_calm_date
    from calm

),

detections as (

    select
        last_calm.topic,
        last_calm.topic_date as detected_on,
        case
            when
                last_calm.last_calm_date is null
                or last_calm.first_alarm_date > last_calm.last_calm_date
                then coalesce(last_calm.first_alarm_date, last_calm.topic_date)
            else last_calm.topic_date
        end as started_on
    from last_calm
    where
        last_calm.is_crisis
        and (
            last_calm.previous_crisis_date is null
            or last_calm.last_calm_date > last_calm.previous_crisis_date
        )

),

ends as (

    select
        detections.topic,
        detections.detected_on,
        min(calm.topic_date) as recovered_on
    from detections
    inner join calm
        on
            detections.topic = calm.topic
            and detections.detected_on < calm.topic_date
            and calm.is_calm_begin
    group by detections.topic, detections.detected_on

),

episodes as (

    select
        detections.topic,
        detections.started_on,
        detections.detected_on,
        ends.recovered_on,
        {{ month_end('detections.detected_on') }} as detection_month,
        {{ month_end(dbt.dateadd('day', 2, 'ends.recovered_on')) }} as final_month
    from detections
    left join ends
        on
            detections.topic = ends.topic
            and detections.detected_on = ends.detected_on

),

episode_months as (

    select
        episodes.topic,
        episodes.started_on,
        episodes.detected_on,
        months.as_of_date,
        case when episodes.final_month <= months.as_of_date then episodes.recovered_on end
            as recovered_on,
        case
            when episodes.final_month <= months.as_of_date
                then cast({{ dbt.dateadd('day', -1, 'episodes.recovered_on') }} as date)
            else months.as_of_date
        end as last_date
    from episodes
    inner join {{ ref('int_months') }} as months
        on
            episodes.detection_month <= months.as_of_date
            and (episodes.final_month is null or episodes.final_month >= months.as_of_date)

),

course as (

    select
        episode_months.topic,
        episode_months.started_on,
        episode_months.as_of_date,
        sum(topic_days.ticket_count) as ticket_count,
        sum(topic_days.severe_count) as severe_count,
        {{ count_when('topic_days.is_alarm') }} as alarm_days,
        max(topic_days.ticket_count) as peak_count
    from episode_months
    inner join {{ ref('ind_topic_days') }} as topic_days
        on
            episode_months.topic = topic_days.topic
            and episode_months.started_on <= topic_days.topic_date
            and episode_months.last_date >= topic_days.topic_date
    group by episode_months.topic, episode_months.started_on, episode_months.as_of_date

),

peaks as (

    select
        course.topic,
        course.started_on,
        course.as_of_date,
        min(topic_days.topic_date) as peak_on
    from course
    inner join episode_months
        on
            course.topic = episode_months.topic
            and course.started_on = episode_months.started_on
            and course.as_of_date = episode_months.as_of_date
    inner join {{ ref('ind_topic_days') }} as topic_days
        on
            course.topic = topic_days.topic
            and course.peak_count = topic_days.ticket_count
            and episode_months.started_on <= topic_days.topic_date
            and episode_months.last_date >= topic_days.topic_date
    group by course.topic, course.started_on, course.as_of_date

),

affected as (

    select distinct
        episode_months.topic,
        episode_months.started_on,
        episode_months.as_of_date,
        ticket_states.customer_id
    from episode_months
    inner join {{ ref('int_ticket_states') }} as ticket_states
        on
            episode_months.topic = ticket_states.topic
            and episode_months.started_on <= cast(ticket_states.created_at as date)
            and episode_months.last_date >= cast(ticket_states.created_at as date)
            and {{ holds_on(
                'episode_months.as_of_date', 'ticket_states.from_month', 'ticket_states.to_month'
            ) }}
    where ticket_states.customer_id is not null

),

affected_value as (

    select
        affected.topic,
        affected.started_on,
        affected.as_of_date,
        count(*) as customer_count,
        sum(ind_value.revenue_12m) as revenue_12m
    from affected
    left join {{ ref('ind_value') }} as ind_value
        on
            affected.customer_id = ind_value.customer_id
            and affected.as_of_date = ind_value.as_of_date
    group by affected.topic, affected.started_on, affected.as_of_date

)

select
    episode_months.topic,
    episode_months.started_on,
    episode_months.as_of_date,
    episode_months.detected_on,
    {{ days_between('episode_months.started_on', 'episode_months.detected_on') }}
        as days_to_detection,
    peaks.peak_on,
    cast(course.peak_count as integer) as peak_count,
    {{ ratio('peak_days.baseline_count', 'peak_days.baseline_days') }} as usual_count,
    cast(course.ticket_count as integer) as ticket_count,
    cast(course.severe_count as integer) as severe_count,
    cast(course.alarm_days as integer) as alarm_days,
    episode_months.recovered_on,
    {{ days_between('episode_months.started_on', 'episode_months.recovered_on') }}
        as days_to_recovery,
    episode_months.recovered_on is not null as is_final,
    cast(coalesce(affected_value.customer_count, 0) as integer) as affected_customers,
    affected_value.revenue_12m as affected_revenue_12m
from episode_months
inner join run_window on episode_months.as_of_date <= run_window.last_month
inner join course
    on
        episode_months.topic = course.topic
        and episode_months.started_on = course.started_on
        and episode_months.as_of_date = course.as_of_date
inner join peaks
    on
        episode_months.topic = peaks.topic
        and episode_months.started_on = peaks.started_on
        and episode_months.as_of_date = peaks.as_of_date
inner join {{ ref('ind_topic_days') }} as peak_days
    on peaks.topic = peak_days.topic and peaks.peak_on = peak_days.topic_date
left join affected_value
    on
        episode_months.topic = affected_value.topic
        and episode_months.started_on = affected_value.started_on
        and episode_months.as_of_date = affected_value.as_of_date
