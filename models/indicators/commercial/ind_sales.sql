{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months) and kind of opportunity, also `all`,
    where opportunities were measured. How an opportunity stood is as known at that month end. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ fact_windows(['opportunities'], [1, 12]) }}

),

states as (

    select states.*
    from {{ ref('int_opportunity_states') }} as states
    inner join run_months
        on
            states.from_month <= run_months.last_month
            and (states.to_month is null or states.to_month > run_months.first_month)

),

opened as (

    select
        windows.as_of_date,
        windows.period_months,
        coalesce(states.opportunity_kind, 'all') as opportunity_kind,
        count(*) as opened_count
    from states
    inner join windows
        on
            states.created_month = windows.month_end
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    where windows.opportunities
    group by windows.as_of_date, windows.period_months, rollup(states.opportunity_kind)

),

closed as (

    select
        windows.as_of_date,
        windows.period_months,
        coalesce(states.opportunity_kind, 'all') as opportunity_kind,
        {{ count_when("states.state = 'won'") }} as won_count,
        count(*) as decided_count,
        sum(case when states.state = 'won' then states.amount end) as won_amount,
        {{ count_when('states.amount is null') }} as without_amount_count,
        percentile_cont(0.5) within group (
            order by case when states.state = 'won' then states.cycle_days end
        ) as cycle_days_p50,
        count(states.slipped_days) as dated_count,
        {{ count_when('states.slipped_days > 0') }} as slipped_count,
        sum(case when states.slipped_days > 0 then states.slipped_days end) as slipped_days
    from states
    inner join windows
        on
            states.closed_month = windows.month_end
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    where windows.opportunities and states.state <> 'open'
    group by windows.as_of_date, windows.period_months, rollup(states.opportunity_kind)

),

pipeline as (

    select
        windows.as_of_date,
        windows.period_months,
        coalesce(states.opportunity_kind, 'all') as opportunity_kind,
        count(*) as open_count,
        {{ count_when('states.expected_close_date < windows.as_of_date') }} as overdue_count,
        {{ count_when('states.amount is null or states.probability is null') }}
            as without_weight_count,
        sum(states.amount) as open_amount,
        sum(cast(round(states.amount * states.probability, 4) as decimal(18, 4)))
            as weighted_amount
    from states
    inner join windows
        on
            windows.month_end = windows.as_of_date
            and {{ holds_on('windows.as_of_date', 'states.from_month', 'states.to_month') }}
    where windows.opportunities and states.state = 'open'
    group by windows.as_of_date, windows.period_months, rollup(states.opportunity_kind)

),

-- What was asked of the coming months, as set by then.
targets as (

    select
        months.as_of_date,
        sum(targets.target_value) as target_amount
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    inner join {{ ref('stg_organisation__targets') }} as targets
        on
            months.as_of_date < targets.target_month
            and {{ month_end_after('months.as_of_date', var('pipeline_target_months')) }}
            >= targets.target_month
            and {{ holds_on(
                'months.as_of_date', 'cast(targets.valid_from as date)',
                'cast(targets.valid_to as date)'
            ) }}
    where targets.metric_id = 'won_amount' and targets.scope = 'portfolio'
    group by months.as_of_date
    having count(*) = {{ var('pipeline_target_months') }}

),

measured as (

    select
        windows.as_of_date,
        windows.period_months,
        cast({{ count_when('windows.opportunities') }} as integer) as measured_months,
        {{ count_when('windows.opportunities and windows.month_end = windows.as_of_date') }} = 1
            as is_measured_now
    from windows
    group by windows.as_of_date, windows.period_months

),

kinds as (

    select coalesce(states.opportunity_kind, 'all') as opportunity_kind
    from states
    group by rollup(states.opportunity_kind)

),

spine as (

    select
        measured.as_of_date,
        measured.period_months,
        measured.measured_months,
        measured.is_measured_now,
        kinds.opportunity_kind
    from measured
    cross join kinds
    where measured.measured_months > 0

)

select
    spine.as_of_date,
    spine.period_months,
    spine.opportunity_kind,
    spine.measured_months,
    cast(coalesce(opened.opened_count, 0) as integer) as opened_count,
    cast(coalesce(closed.won_count, 0) as integer) as won_count,
    cast(coalesce(closed.decided_count, 0) as integer) as decided_count,
    {{ rate_columns('win', 'closed.won_count', 'closed.decided_count') }},
    cast(coalesce(closed.won_amount, 0) as decimal(18, 4)) as won_amount,
    closed.cycle_days_p50,
    cast(coalesce(closed.dated_count, 0) as integer) as slipped_cases,
    {{ rate_columns('slipped', 'closed.slipped_count', 'closed.dated_count') }},
    {{ ratio('closed.slipped_days', 'closed.slipped_count') }} as slipped_days_mean,
    case when spine.is_measured_now then cast(coalesce(pipeline.open_count, 0) as integer) end
        as open_count,
    case when spine.is_measured_now then cast(coalesce(pipeline.overdue_count, 0) as integer) end
        as overdue_count,
    case
        when spine.is_measured_now then cast(coalesce(pipeline.open_amount, 0) as decimal(18, 4))
    end as open_amount,
    case
        when spine.is_measured_now
            then cast(coalesce(pipeline.weighted_amount, 0) as decimal(18, 4))
    end as weighted_open_amount,
    cast(
        coalesce(closed.without_amount_count, 0) + coalesce(pipeline.without_weight_count, 0)
        as integer
    ) as without_amount_count,
    case
        when spine.is_measured_now and spine.opportunity_kind = 'all'
            then {{ ratio('coalesce(pipeline.weighted_amount, 0)', 'targets.target_amount') }}
    end as pipeline_coverage
from spine
{%- for facts in ['opened', 'closed', 'pipeline'] %}
left join {{ facts }}
    on
        spine.as_of_date = {{ facts }}.as_of_date
        and spine.period_months = {{ facts }}.period_months
        and spine.opportunity_kind = {{ facts }}.opportunity_kind
{%- endfor %}
left join targets on spine.as_of_date = targets.as_of_date
