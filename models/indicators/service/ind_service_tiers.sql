{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months), value tier and group of ticket kinds,
    each also `all`, where tickets were measured. A ticket belongs to the tier that its customer had
    at the end of the month in which it was opened. Ratios are ratios of sums, so that the rows of
    tiers and kinds add up to `all`. -#}
{%- set tiers = ['all', 'A', 'B', 'C', 'D', 'none'] -%}
{%- set kinds = ['all', 'incident', 'request', 'complaint', 'feedback'] -%}
{%- set ratios = [
    ('sla_met', 'sla_met_count', 'sla_count'),
    ('first_reply_sla_met', 'reply_sla_met_count', 'reply_sla_count'),
    ('first_contact', 'first_contact_count', 'contact_count'),
    ('first_contact_net', 'level_one_first_contact_count', 'level_one_contact_count'),
    ('reopen', 'reopened_count', 'once_solved_count'),
    ('answered', 'replied_count', 'reply_measured_count'),
] -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ service_windows([1, 12]) }}

),

measured as (

    select
        windows.as_of_date,
        windows.period_months,
        cast({{ count_when('windows.tickets') }} as integer) as measured_months,
        {{ count_when('windows.ticket_changes') }} > 0 as is_solving_measured,
        {{ count_when('windows.tickets and windows.month_end = windows.as_of_date') }} = 1
            as is_measured_now
    from windows
    group by windows.as_of_date, windows.period_months

),

states as (

    {{ ticket_states_by_tier(keep_unsolved=true) }}

),

opened_tickets as (

    {{ tickets_opened_in('states', 'windows', ['tier', 'kind_group', 'created_at']) }}

),

opened as (

    select
        opened_tickets.as_of_date,
        opened_tickets.period_months,
        coalesce(opened_tickets.tier, 'all') as tier,
        coalesce(opened_tickets.kind_group, 'all') as kind_group,
        {{ opened_ticket_sums('opened_tickets') }}
    from opened_tickets
    group by
        opened_tickets.as_of_date,
        opened_tickets.period_months,
        cube(opened_tickets.tier, opened_tickets.kind_group)

),

resolved_tickets as (

    select
        windows.as_of_date,
        windows.period_months,
        states.tier,
        states.kind_group,
        states.resolution_minutes,
        states.resolution_business_minutes
    from states
    inner join windows
        on
            states.solved_month = windows.month_end
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    where states.is_solved and windows.ticket_changes

),

resolved as (

    select
        resolved_tickets.as_of_date,
        resolved_tickets.period_months,
        coalesce(resolved_tickets.tier, 'all') as tier,
        coalesce(resolved_tickets.kind_group, 'all') as kind_group,
        count(*) as ticket_count
        {%- for minutes in ['resolution_minutes', 'resolution_business_minutes'] %},
        count(resolved_tickets.{{ minutes }}) as {{ minutes }}_count,
        sum(resolved_tickets.{{ minutes }}) as {{ minutes }}_sum,
        round(
            percentile_cont(0.5) within group (order by resolved_tickets.{{ minutes }}), 6
        ) as {{ minutes }}_p50,
        round(
            percentile_cont(0.9) within group (order by resolved_tickets.{{ minutes }}), 6
        ) as {{ minutes }}_p90
        {%- endfor %}
    from resolved_tickets
    group by
        resolved_tickets.as_of_date,
        resolved_tickets.period_months,
        cube(resolved_tickets.tier, resolved_tickets.kind_group)

),

backlog_tickets as (

    select
        measured.as_of_date,
        measured.period_months,
        states.tier,
        states.kind_group,
        {{ days_between('cast(states.created_at as date)', 'measured.as_of_date') }} as age_days
    from states
    inner join measured
        on {{ holds_on('measured.as_of_date', 'states.from_month', 'states.to_month') }}
    where not states.is_solved and measured.is_measured_now

),

backlog as (

    select
        backlog_tickets.as_of_date,
        backlog_tickets.period_months,
        coalesce(backlog_tickets.tier, 'all') as tier,
        coalesce(backlog_tickets.kind_group, 'all') as kind_group,
        count(*) as ticket_count,
        sum(backlog_tickets.age_days) as age_days,
        max(backlog_tickets.age_days) as oldest_age_days
    from backlog_tickets
    group by
        backlog_tickets.as_of_date,
        backlog_tickets.period_months,
        cube(backlog_tickets.tier, backlog_tickets.kind_group)

),

-- Kaplan-Meier, only where many of the period's tickets are open: who closes none but the easy ones
-- must not look fast. An open ticket counts as lasting longer than it has lasted so far.
groups_with_many_open as (

    select
        opened.as_of_date,
        opened.period_months,
        opened.tier,
        opened.kind_group
    from opened
    where opened.still_open_count > {{ var('open_ratio_max') }} * opened.ticket_count

),

lasting as (

    select
        groups_with_many_open.as_of_date,
        groups_with_many_open.period_months,
        groups_with_many_open.tier,
        groups_with_many_open.kind_group,
        case
            when opened_tickets.is_solved then opened_tickets.resolution_minutes
            else {{ minutes_between(
                'opened_tickets.created_at',
                dbt.dateadd('day', 1, 'opened_tickets.as_of_date')
            ) }}
        end as minutes,
        count(*) as ticket_count,
        {{ count_when('opened_tickets.is_solved') }} as solved_count
    from opened_tickets
    inner join groups_with_many_open
        on
            opened_tickets.as_of_date = groups_with_many_open.as_of_date
            and opened_tickets.period_months = groups_with_many_open.period_months
            and groups_with_many_open.tier in ('all', opened_tickets.tier)
            and groups_with_many_open.kind_group in ('all', opened_tickets.kind_group)
    where not opened_tickets.is_solved or opened_tickets.resolution_minutes is not null
    group by
        groups_with_many_open.as_of_date,
        groups_with_many_open.period_months,
        groups_with_many_open.tier,
        groups_with_many_open.kind_group,
        case
            when opened_tickets.is_solved then opened_tickets.resolution_minutes
            else {{ minutes_between(
                'opened_tickets.created_at',
                dbt.dateadd('day', 1, 'opened_tickets.as_of_date')
            ) }}
        end

),

at_risk as (

    select
        lasting.*,
        sum(lasting.ticket_count) over (
            partition by
                lasting.as_of_date, lasting.period_months, lasting.tier, lasting.kind_group
            order by lasting.minutes desc
            rows between unbounded preceding and current row
        ) as at_risk_count
    from lasting

),

-- The product of the shares that go on, as a sum of logarithms; in decimals, which add up the same
-- in any order.
survival as (

    select
        at_risk.*,
        sum(
            case
                when at_risk.solved_count = at_risk.at_risk_count
                    then cast(-1000 as decimal(28, 12))
                else
                    cast(
                        ln(1 - {{ ratio('at_risk.solved_count', 'at_risk.at_risk_count') }})
                        as decimal(28, 12)
                    )
            end
        ) over (
            partition by
                at_risk.as_of_date, at_risk.period_months, at_risk.tier, at_risk.kind_group
            order by at_risk.minutes
            rows between unbounded preceding and current row
        ) as log_survival
    from at_risk

),

medians as (

    select
        survival.as_of_date,
        survival.period_months,
        survival.tier,
        survival.kind_group,
        min(
            case when survival.log_survival <= -0.693147180559 then survival.minutes end
        ) as median_minutes
    from survival
    group by
        survival.as_of_date, survival.period_months, survival.tier, survival.kind_group

),

tiers as (

    {% for tier in tiers -%}
    select '{{ tier }}' as tier
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

kinds as (

    {% for kind in kinds -%}
    select '{{ kind }}' as kind_group
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

spine as (

    select
        measured.*,
        tiers.tier,
        kinds.kind_group
    from measured
    cross join tiers
    cross join kinds
    where measured.measured_months > 0

)

select
    spine.as_of_date,
    spine.period_months,
    spine.tier,
    spine.kind_group,
    spine.measured_months,
    cast(coalesce(opened.ticket_count, 0) as integer) as ticket_count,
    cast(coalesce(opened.still_open_count, 0) as integer) as still_open_count,
    {{ rate_columns('still_open', 'opened.still_open_count', 'opened.ticket_count') }},
    {{ measured_count('spine.is_solving_measured', 'resolved.ticket_count') }} as resolved_count,
    {{ ratio('resolved.resolution_minutes_sum', 'resolved.resolution_minutes_count') }}
        as resolution_minutes_mean,
    resolved.resolution_minutes_p50,
    resolved.resolution_minutes_p90,
    {{ measured_count('spine.is_solving_measured', 'resolved.resolution_business_minutes_count') }}
        as business_resolved_count,
    {{ ratio(
        'resolved.resolution_business_minutes_sum', 'resolved.resolution_business_minutes_count'
    ) }} as resolution_business_minutes_mean,
    resolved.resolution_business_minutes_p50,
    resolved.resolution_business_minutes_p90,
    case
        when groups_with_many_open.tier is not null
            then cast(medians.median_minutes as double)
        else resolved.resolution_minutes_p50
    end as median_resolution_minutes,
    case
        when groups_with_many_open.tier is not null then 'kaplan_meier'
        when resolved.resolution_minutes_p50 is not null then 'resolved'
    end as median_method,
    {{ ratio('opened.first_reply_minutes', 'opened.replied_count') }} as first_reply_minutes_mean,
    {{ ratio('opened.first_reply_business_minutes', 'opened.business_replied_count') }}
        as first_reply_business_minutes_mean,
    cast(coalesce(opened.bot_replied_count, 0) as integer) as bot_replied_count,
    {{ ratio('opened.first_bot_reply_minutes', 'opened.bot_replied_count') }}
        as first_bot_reply_minutes_mean,
    {%- for name, met, cases in ratios %}
    cast(coalesce(opened.{{ cases }}, 0) as integer) as {{ name }}_cases,
    {{ rate_columns(name, 'opened.' ~ met, 'opened.' ~ cases) }},
    {%- endfor %}
    cast(coalesce(opened.sla_pending_count, 0) as integer) as sla_pending_count,
    cast(coalesce(opened.reply_sla_pending_count, 0) as integer) as first_reply_sla_pending_count,
    cast(coalesce(opened.contact_pending_count, 0) as integer) as first_contact_pending_count,
    coalesce(opened.contact_pending_count, 0) = 0
    and coalesce(opened.sla_pending_count, 0) = 0
    and coalesce(opened.reply_sla_pending_count, 0) = 0 as is_final,
    {{ measured_count('spine.is_measured_now', 'backlog.ticket_count') }} as open_count,
    {{ ratio('backlog.age_days', 'backlog.ticket_count') }} as open_age_days_mean,
    cast(backlog.oldest_age_days as integer) as open_age_days_max,
    coalesce(resolved.ticket_count, 0) < {{ var('min_n') }} as is_low_n
from spine
{%- for facts in ['opened', 'resolved', 'backlog', 'groups_with_many_open', 'medians'] %}
left join {{ facts }}
    on
        spine.as_of_date = {{ facts }}.as_of_date
        and spine.period_months = {{ facts }}.period_months
        and spine.tier = {{ facts }}.tier
        and spine.kind_group = {{ facts }}.kind_group
{%- endfor %}
