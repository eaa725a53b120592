{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and project to improve an anchor, from the month in which it was
    first written down. Attainment before the roll-out against after it; the roll-out itself is in
    neither, nor is the month that the project was picked by: who picks the worst month sees a
    better one next, whatever he does. The change of the comparison anchor over the same days is
    taken off where there is one (handbook C17). -#}
{%- set longest = var('anchor_project_days') -%}
{%- set shortest = var('anchor_project_min_days') -%}
with run_months as (

    {{ run_months() }}

),

-- Each project as it was described by each month end.
projects as (

    select
        months.as_of_date,
        projects.*,
        cast({{ dbt.date_trunc('month', 'projects.picked_month') }} as date) as picked_from,
        cast(
            {{ dbt.dateadd('day', 1, month_end('projects.picked_month')) }} as date
        ) as picked_until,
        coalesce(projects.rollout_ended_on < months.as_of_date, false) as is_rolled_out
    from {{ ref('stg_organisation__anchor_projects') }} as projects
    inner join {{ ref('int_months') }} as months
        on
            projects.valid_from < {{ dbt.dateadd('day', 1, 'months.as_of_date') }}
            and (
                projects.valid_to is null
                or projects.valid_to >= {{ dbt.dateadd('day', 1, 'months.as_of_date') }}
            )
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

-- The project's anchor, and the one that it is compared with.
sides as (

    select
        projects.as_of_date,
        projects.project_id,
        'own' as side,
        projects.anchor_id,
        projects.metric
    from projects
    union all
    select
        projects.as_of_date,
        projects.project_id,
        'comparison' as side,
        projects.comparison_anchor_id as anchor_id,
        'all' as metric
    from projects
    where projects.comparison_anchor_id is not null

),

-- From when on all that is compared was measured.
measured as (

    select
        sides.as_of_date,
        sides.project_id,
        case when count(*) = count(measured_facts.first_fact_date)
            then max(measured_facts.first_fact_date) end as measured_from
    from sides
    inner join {{ ref('int_anchor_standards') }} as standards
        on
            sides.anchor_id = standards.anchor_id
            and (
                sides.metric = standards.metric
                or (sides.metric = 'all' and standards.is_critical)
            )
            and {{ holds_on('sides.as_of_date', 'standards.valid_from', 'standards.valid_to') }}
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            sides.as_of_date = measured_facts.as_of_date
            and standards.measured_fact = measured_facts.fact
    group by sides.as_of_date, sides.project_id

),

windows as (

    select
        projects.*,
        case
            when measured.measured_from is not null
                then greatest(
                    measured.measured_from,
                    cast({{ dbt.dateadd('day', -longest, 'projects.rollout_started_on') }} as date)
                )
        end as before_from,
        case
            when projects.is_rolled_out
                then cast({{ dbt.dateadd('day', 1, 'projects.rollout_ended_on') }} as date)
        end as after_from,
        case
            when projects.is_rolled_out
                then least(
                    projects.as_of_date,
                    cast({{ dbt.dateadd('day', longest, 'projects.rollout_ended_on') }} as date)
                )
        end as after_to
    from projects
    left join measured
        on
            projects.as_of_date = measured.as_of_date
            and projects.project_id = measured.project_id

),

spans as (

    select
        windows.*,
        case
            when windows.before_from < windows.rollout_started_on
                then {{ days_between('windows.before_from', 'windows.rollout_started_on') }}
            when windows.before_from is not null then 0
        end as before_span,
        -- Days of the picked month that would have been in it.
        case
            when
                windows.picked_from < windows.rollout_started_on
                and windows.picked_until > windows.before_from
                and windows.before_from < windows.rollout_started_on
                then {{ days_between(
                    'greatest(windows.picked_from, windows.before_from)',
                    'least(windows.picked_until, windows.rollout_started_on)'
                ) }}
            else 0
        end as picked_days,
        {{ days_between('windows.after_from', 'windows.after_to') }} + 1 as after_days
    from windows

),

days as (

    select
        occurrences.anchor_id,
        occurrences.metric,
        cast(occurrences.occurred_at as date) as occurred_on,
        occurrences.counted_from,
        occurrences.decided_month,
        occurrences.excluded_month,
        occurrences.is_met,
        count(*) as occurrence_count
    from {{ ref('int_anchor_occurrences') }} as occurrences
    group by
        occurrences.anchor_id,
        occurrences.metric,
        cast(occurrences.occurred_at as date),
        occurrences.counted_from,
        occurrences.decided_month,
        occurrences.excluded_month,
        occurrences.is_met

),

placed as (

    select
        spans.as_of_date,
        spans.project_id,
        sides.side,
        days.occurrence_count,
        days.is_met,
        days.decided_month <= spans.as_of_date and days.is_met is not null as is_decided,
        days.counted_from <= spans.as_of_date
        and (days.decided_month is null or days.decided_month > spans.as_of_date) as is_pending,
        case
            when days.occurred_on >= spans.after_from and days.occurred_on <= spans.after_to
                then 'after'
            when
                days.occurred_on >= spans.before_from
                and days.occurred_on < spans.rollout_started_on
                and (
                    spans.picked_from is null
                    or days.occurred_on < spans.picked_from
                    or days.occurred_on >= spans.picked_until
                )
                then 'before'
        end as period
    from spans
    inner join sides
        on spans.as_of_date = sides.as_of_date and spans.project_id = sides.project_id
    inner join days on sides.anchor_id = days.anchor_id and sides.metric = days.metric
    where days.excluded_month is null or days.excluded_month > spans.as_of_date

),

counted as (

    select
        placed.as_of_date,
        placed.project_id,
        {%- for side in ['own', 'comparison'] %}
        {%- for period in ['before', 'after'] %}
        cast(
            sum(
                case
                    when
                        placed.side = '{{ side }}' and placed.period = '{{ period }}'
                        and placed.is_decided
                        then placed.occurrence_count
                    else 0
                end
            ) as integer
        ) as {{ side }}_{{ period }}_count,
        cast(
            sum(
                case
                    when
                        placed.side = '{{ side }}' and placed.period = '{{ period }}'
                        and placed.is_decided and placed.is_met
                        then placed.occurrence_count
                    else 0
                end
            ) as integer
        ) as {{ side }}_{{ period }}_met,
        {%- endfor %}
        {%- endfor %}
        cast(
            sum(
                case
                    when
                        placed.side = 'own' and placed.period is not null and placed.is_pending
                        then placed.occurrence_count
                    else 0
                end
            ) as integer
        ) as pending_count
    from placed
    group by placed.as_of_date, placed.project_id

),

rated as (

    select
        spans.as_of_date,
        spans.project_id,
        spans.title,
        spans.anchor_id,
        spans.metric,
        spans.picked_month,
        spans.rollout_started_on,
        spans.rollout_ended_on,
        spans.comparison_anchor_id,
        spans.is_randomised,
        spans.is_rolled_out,
        spans.before_span,
        spans.after_days,
        spans.before_span - spans.picked_days as before_days,
        counted.pending_count,
        {%- for side in ['own', 'comparison'] %}
        {%- for period in ['before', 'after'] %}
        {%- set group = 'counted.' ~ side ~ '_' ~ period %}
        {{ group }}_count,
        {{ group }}_met,
        {{ ratio(group ~ '_met', group ~ '_count') }} as {{ side }}_{{ period }},
        case
            when {{ group }}_count > 0
                then {{ wilson_low(group ~ '_met', group ~ '_count') }}
        end as {{ side }}_{{ period }}_low,
        case
            when {{ group }}_count > 0
                then {{ wilson_high(group ~ '_met', group ~ '_count') }}
        end as {{ side }}_{{ period }}_high,
        {%- endfor %}
        {%- endfor %}
        case
            when not spans.is_rolled_out then 'rolling out'
            when spans.before_span is null then 'not measured'
            when spans.before_span - spans.picked_days < {{ shortest }} then 'too little before'
            when spans.after_days < {{ shortest }} then 'too early'
            when
                coalesce(counted.own_before_count, 0) = 0
                or coalesce(counted.own_after_count, 0) = 0
                then 'no occurrence'
            else 'compared'
        end as status
    from spans
    left join counted
        on spans.as_of_date = counted.as_of_date and spans.project_id = counted.project_id

),

compared as (

    select
        rated.*,
        {%- for side in ['own', 'comparison'] %}
        case
            when rated.status = 'compared' then rated.{{ side }}_after - rated.{{ side }}_before
        end
            as {{ side }}_difference,
        case
            when rated.status = 'compared' then {{ difference_low(
                'rated.' ~ side ~ '_after', 'rated.' ~ side ~ '_after_low',
                'rated.' ~ side ~ '_before', 'rated.' ~ side ~ '_before_high'
            ) }}
        end as {{ side }}_difference_low,
        case
            when rated.status = 'compared' then {{ difference_high(
                'rated.' ~ side ~ '_after', 'rated.' ~ side ~ '_after_high',
                'rated.' ~ side ~ '_before', 'rated.' ~ side ~ '_before_low'
            ) }}
        end as {{ side }}_difference_high{{ ',' if not loop.last }}
        {%- endfor %}
    from rated

),

netted as (

    select
        compared.*,
        compared.own_difference - compared.comparison_difference as net_difference,
        {{ difference_low(
            'compared.own_difference', 'compared.own_difference_low',
            'compared.comparison_difference', 'compared.comparison_difference_high'
        ) }} as net_difference_low,
        {{ difference_high(
            'compared.own_difference', 'compared.own_difference_high',
            'compared.comparison_difference', 'compared.comparison_difference_low'
        ) }} as net_difference_high
    from compared

)

select
    netted.as_of_date,
    netted.project_id,
    netted.title,
    netted.anchor_id,
    netted.metric,
    netted.picked_month,
    netted.rollout_started_on,
    netted.rollout_ended_on,
    netted.comparison_anchor_id,
    netted.status,
    cast(netted.before_days as integer) as before_days,
    cast(netted.after_days as integer) as after_days,
    netted.own_before_count as before_count,
    netted.own_before_met as before_met_count,
    netted.own_before as before_attainment,
    netted.own_after_count as after_count,
    netted.own_after_met as after_met_count,
    netted.own_after as after_attainment,
    netted.pending_count,
    -- Differences of doubles are off by their last digit.
    round(netted.own_difference, 9) as difference,
    round(netted.own_difference_low, 9) as difference_low,
    round(netted.own_difference_high, 9) as difference_high,
    netted.comparison_before_count,
    netted.comparison_after_count,
    round(netted.comparison_difference, 9) as comparison_difference,
    round(netted.net_difference, 9) as net_difference,
    round(netted.net_difference_low, 9) as net_difference_low,
    round(netted.net_difference_high, 9) as net_difference_high,
    case
        when netted.status = 'compared'
            then coalesce(
                netted.net_difference_low > 0 or netted.net_difference_high < 0,
                netted.own_difference_low > 0 or netted.own_difference_high < 0
            )
    end as is_beyond_chance,
    case when netted.is_randomised then 'randomised' else 'descriptive' end as evidence,
    -- Only whole years have the same seasons.
    case
        when netted.status = 'compared'
            then netted.before_span < {{ longest }} or netted.after_days < {{ longest }}
    end as is_season_different,
    case
        when netted.status = 'compared'
            then least(netted.own_before_count, netted.own_after_count) < {{ var('min_n') }}
    end as is_low_n
from netted
