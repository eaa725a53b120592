{#- Grain: one row per topic and day, from the topic's first month, where tickets were measured; a
    day as known at its month end. A day is compared with the same weekday of the eight weeks before
    it, alarm days left out. Whether a day alarms depends on which days before it did, so the days
    are folded week by week, all topics and weekdays at once. Built whole: a row for each topic and
    day is little. -#}
{%- set history = range(1, 9) -%}
{%- set exact_up_to = 1000 -%}
with recursive topic_days as (

    select * from {{ ref('int_topic_days') }}

),

limits as (

    select * from {{ ref('int_topic_limits') }}

),

folded as (

    select
        topic_days.topic,
        topic_days.weekday_number,
        topic_days.week_number,
        topic_days.ticket_count,
        {%- for week in history %}
        cast(null as integer) as before_{{ week }},
        {%- endfor %}
        0 as baseline_days,
        0 as baseline_count,
        cast(null as integer) as alarm_from,
        cast(null as integer) as band_high,
        false as is_alarm
    from topic_days
    where topic_days.week_number = 0
    union all
    select
        baselines.topic,
        baselines.weekday_number,
        baselines.week_number,
        baselines.ticket_count,
        {%- for week in history %}
        baselines.before_{{ week }},
        {%- endfor %}
        baselines.baseline_days,
        baselines.baseline_count,
        {{ topic_limit('alarm_from', exact_up_to) }} as alarm_from,
        {{ topic_limit('band_high', exact_up_to) }} as band_high,
        coalesce(
            baselines.ticket_count >= {{ topic_limit('alarm_from', exact_up_to) }}, false
        ) as is_alarm
    from (
        select
            shifted.*,
            {% for week in history -%}
            case when shifted.before_{{ week }} is null then 0 else 1 end
            {{- ' + ' if not loop.last }}
            {%- endfor %} as baseline_days,
            {% for week in history -%}
            coalesce(shifted.before_{{ week }}, 0)
            {{- ' + ' if not loop.last }}
            {%- endfor %} as baseline_count
        from (
            select
                topic_days.topic,
                topic_days.weekday_number,
                topic_days.week_number,
                topic_days.ticket_count,
                case when not folded.is_alarm then folded.ticket_count end as before_1
                {%- for week in history[1:] %},
                folded.before_{{ week - 1 }} as before_{{ week }}
                {%- endfor %}
            from folded
            inner join topic_days
                on
                    folded.topic = topic_days.topic
                    and folded.weekday_number = topic_days.weekday_number
                    and folded.week_number + 1 = topic_days.week_number
        ) as shifted
    ) as baselines
    left join limits
        on
            baselines.baseline_days = limits.baseline_days
            and baselines.baseline_count = limits.baseline_count

),

judged as (

    select
        topic_days.topic,
        topic_days.first_month,
        topic_days.topic_date,
        topic_days.as_of_date,
        topic_days.is_measured,
        topic_days.ticket_count,
        topic_days.severe_count,
        folded.baseline_days,
        folded.baseline_count,
        folded.alarm_from,
        folded.band_high,
        folded.is_alarm,
        {{ count_when('folded.is_alarm') }} over (
            partition by topic_days.topic order by topic_days.topic_date
            rows between 4 preceding and current row
        ) as alarm_days
    from topic_days
    inner join folded
        on
            topic_days.topic = folded.topic
            and topic_days.weekday_number = folded.weekday_number
            and topic_days.week_number = folded.week_number

),

crises as (

    select
        judged.*,
        judged.baseline_days >= 4 and (
            (judged.is_alarm and judged.alarm_days >= 3) or judged.severe_count >= 10
        ) as is_crisis
    from judged
    where judged.is_measured and judged.as_of_date >= judged.first_month

)

select
    crises.topic,
    crises.topic_date,
    crises.as_of_date,
    crises.ticket_count,
    crises.severe_count,
    crises.baseline_days,
    crises.baseline_count,
    crises.alarm_from,
    crises.band_high,
    crises.ticket_count <= crises.band_high as is_in_band,
    crises.is_alarm,
    cast(crises.alarm_days as integer) as alarm_days_of_5,
    crises.is_crisis,
    case
        when crises.baseline_days < 4 then 'learning'
        when crises.is_crisis then 'crisis'
        when crises.is_alarm then 'alarm'
        else 'normal'
    end as status
from crises
