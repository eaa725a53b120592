{#- Grain: one row per campaign and month end with something to count. Each fact counts in the month
    in which it happened; a conversion in the month in which the days that a touch is given are
    over, together with the touch, so that the sum of months up to any month end is a rate of
    touches that all had their time. -#}
{%- set due = dbt.dateadd('day', var('attribution_days'), 'touches.touched_at') -%}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

touches as (

    select
        touches.*,
        {{ due }} as due_at
    from {{ ref('int_touch_outcomes') }} as touches

),

facts as (

    {% for fact, moment, condition in [
        ('sent', 'touched_at', 'true'),
        ('sent_without_consent', 'touched_at', 'not touches.has_consent'),
        ('sent_to_lead_unjudged', 'touched_at',
            'touches.is_to_lead and touches.has_lead_consent is null'),
        ('sent_to_lead_without_consent', 'touched_at', 'not touches.has_lead_consent'),
        ('delivered', 'touched_at', 'touches.is_delivered'),
        ('opened', 'first_open_at', 'touches.is_delivered'),
        ('clicked', 'first_click_at', 'touches.is_delivered'),
        ('unsubscribed', 'first_unsubscribe_at', 'touches.is_delivered'),
        ('due', 'due_at', 'touches.is_delivered'),
        (
            'converted', 'due_at',
            'touches.is_delivered and touches.first_conversion_at <= touches.due_at',
        ),
    ] -%}
    select
        touches.campaign_id,
        touches.channel,
        {{ month_end('touches.' ~ moment) }} as month_end,
        '{{ fact }}' as fact
    from touches
    inner join run_window on cast(touches.{{ moment }} as date) <= run_window.last_month
    where touches.{{ moment }} is not null and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    facts.campaign_id,
    facts.channel,
    facts.month_end,
    {%- for fact in [
        'sent', 'sent_without_consent', 'sent_to_lead_unjudged', 'sent_to_lead_without_consent',
        'delivered', 'opened', 'clicked', 'unsubscribed', 'due', 'converted',
    ] %}
    cast({{ count_when("facts.fact = '" ~ fact ~ "'") }} as integer) as {{ fact }}_count
    {{- ',' if not loop.last }}
    {%- endfor %}
from facts
where facts.campaign_id is not null
group by facts.campaign_id, facts.channel, facts.month_end
