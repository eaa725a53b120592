{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months), anchor, standard and value tier, each
    also `all`, where the standard was measured. An occurrence belongs to the tier of its customer
    at the end of its month. The impact compares later losses after a missed standard with those
    after one that was kept, over tiers (Mantel-Haenszel); it is learnt from occurrences old enough
    that a loss would be known. -#}
{%- set tiers = ['all', 'A', 'B', 'C', 'D', 'none'] -%}
{%- set wait = var('anchor_loss_months') -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ month_windows([1, 12]) }}

),

standards as (

    select
        standards.anchor_id,
        standards.metric,
        standards.measured_fact,
        standards.target,
        standards.valid_from,
        standards.valid_to
    from {{ ref('int_anchor_standards') }} as standards
    union all
    -- The whole is held to the least that is asked of its critical parts.
    select
        standards.anchor_id,
        'all' as metric,
        min(standards.measured_fact) as measured_fact,
        min(standards.target) as target,
        standards.valid_from,
        standards.valid_to
    from {{ ref('int_anchor_standards') }} as standards
    where standards.is_critical
    group by standards.anchor_id, standards.valid_from, standards.valid_to

),

tiers as (

    {% for tier in tiers -%}
    select '{{ tier }}' as tier
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

spine as (

    select
        windows.as_of_date,
        windows.period_months,
        standards.anchor_id,
        standards.metric,
        tiers.tier,
        max(standards.target) as target,
        cast(count(*) as integer) as measured_months
    from windows
    inner join standards
        on {{ holds_on('windows.as_of_date', 'standards.valid_from', 'standards.valid_to') }}
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            windows.month_end = measured_facts.as_of_date
            and standards.measured_fact = measured_facts.fact
    cross join tiers
    where measured_facts.is_measured
    group by
        windows.as_of_date, windows.period_months, standards.anchor_id, standards.metric,
        tiers.tier

),

occurrences as (

    select
        occurrences.*,
        coalesce(ind_value.tier, 'none') as tier,
        coalesce(lifecycle_then.is_lost, true)
        or lifecycle_then.first_active_date is null as was_lost,
        {{ month_end_after('occurrences.month_end', wait) }} as loss_month
    from {{ ref('int_anchor_occurrences') }} as occurrences
    inner join run_months
        on
            occurrences.month_end > {{ month_end_after('run_months.first_month', -12 - wait) }}
            and occurrences.month_end <= run_months.last_month
    left join {{ ref('ind_value') }} as ind_value
        on
            occurrences.customer_id = ind_value.customer_id
            and occurrences.month_end = ind_value.as_of_date
    left join {{ ref('ind_lifecycle') }} as lifecycle_then
        on
            occurrences.customer_id = lifecycle_then.customer_id
            and occurrences.month_end = lifecycle_then.as_of_date

),

counted as (

    select
        windows.as_of_date,
        windows.period_months,
        occurrences.anchor_id,
        occurrences.metric,
        coalesce(occurrences.tier, 'all') as tier,
        {{ count_when(
            'occurrences.decided_month <= windows.as_of_date and occurrences.is_met is not null'
        ) }} as occurrence_count,
        {{ count_when('occurrences.decided_month <= windows.as_of_date and occurrences.is_met') }}
            as met_count,
        {{ count_when(
            'occurrences.counted_from <= windows.as_of_date and (occurrences.decided_month is null '
            ~ 'or occurrences.decided_month > windows.as_of_date)'
        ) }} as pending_count
    from occurrences
    inner join windows on occurrences.month_end = windows.month_end
    where
        occurrences.excluded_month is null
        or occurrences.excluded_month > windows.as_of_date
    group by
        windows.as_of_date,
        windows.period_months,
        occurrences.anchor_id,
        occurrences.metric,
        cube(occurrences.tier)

),

-- Missed or kept, lost or not: a table of four cells for each tier.
cells as (

    select
        windows.as_of_date,
        occurrences.anchor_id,
        occurrences.metric,
        occurrences.tier,
        count(*) as case_count,
        {{ count_when('not occurrences.is_met and lifecycle_after.is_lost') }} + 0.5 as missed_lost,
        {{ count_when('not occurrences.is_met and not lifecycle_after.is_lost') }} + 0.5
            as missed_kept,
        {{ count_when('occurrences.is_met and lifecycle_after.is_lost') }} + 0.5 as met_lost,
        {{ count_when('occurrences.is_met and not lifecycle_after.is_lost') }} + 0.5 as met_kept
    from occurrences
    inner join windows
        on
            windows.period_months = 12
            and occurrences.loss_month = windows.month_end
    inner join {{ ref('ind_lifecycle') }} as lifecycle_after
        on
            occurrences.customer_id = lifecycle_after.customer_id
            and occurrences.loss_month = lifecycle_after.as_of_date
    where
        not occurrences.was_lost
        and occurrences.is_met is not null
        and occurrences.decided_month <= windows.as_of_date
        and (
            occurrences.excluded_month is null
            or occurrences.excluded_month > windows.as_of_date
        )
    group by windows.as_of_date, occurrences.anchor_id, occurrences.metric, occurrences.tier

),

products as (

    select
        cells.as_of_date,
        cells.anchor_id,
        cells.metric,
        cells.case_count,
        cast(
            round({{ ratio('cells.missed_lost * cells.met_kept', 'cells.case_count + 2') }}, 9)
            as decimal(28, 9)
        ) as missed_product,
        cast(
            round({{ ratio('cells.missed_kept * cells.met_lost', 'cells.case_count + 2') }}, 9)
            as decimal(28, 9)
        ) as met_product
    from cells

),

impacts as (

    select
        products.as_of_date,
        products.anchor_id,
        products.metric,
        sum(products.case_count) as case_count,
        {{ ratio('sum(products.missed_product)', 'sum(products.met_product)') }} as odds_ratio
    from products
    group by products.as_of_date, products.anchor_id, products.metric

),

joined as (

    select
        spine.*,
        cast(coalesce(counted.occurrence_count, 0) as integer) as occurrence_count,
        cast(coalesce(counted.met_count, 0) as integer) as met_count,
        cast(coalesce(counted.pending_count, 0) as integer) as pending_count,
        {{ ratio('counted.met_count', 'counted.occurrence_count') }} as attainment,
        cast(coalesce(impacts.case_count, 0) as integer) as impact_cases,
        case
            when coalesce(impacts.case_count, 0) < {{ var('anchor_impact_min_n') }}
                then cast(1 as double)
            else
                {{ clamp(
                    'impacts.odds_ratio', var('anchor_impact_min'), var('anchor_impact_max')
                ) }}
        end as impact
    from spine
    left join counted
        on
            spine.as_of_date = counted.as_of_date
            and spine.period_months = counted.period_months
            and spine.anchor_id = counted.anchor_id
            and spine.metric = counted.metric
            and spine.tier = counted.tier
    left join impacts
        on
            spine.as_of_date = impacts.as_of_date
            and spine.anchor_id = impacts.anchor_id
            and spine.metric = impacts.metric

),

weighed as (

    select
        joined.*,
        joined.occurrence_count < {{ var('min_n') }} as is_low_n,
        round((joined.occurrence_count - joined.met_count) * joined.impact, 6) as friction_index
    from joined

)

select
    weighed.as_of_date,
    weighed.period_months,
    weighed.anchor_id,
    weighed.metric,
    weighed.tier,
    weighed.measured_months,
    weighed.occurrence_count,
    weighed.met_count,
    weighed.pending_count,
    weighed.pending_count = 0 as is_final,
    weighed.attainment,
    case
        when weighed.occurrence_count > 0
            then {{ wilson_low('weighed.met_count', 'weighed.occurrence_count') }}
    end as attainment_low,
    case
        when weighed.occurrence_count > 0
            then {{ wilson_high('weighed.met_count', 'weighed.occurrence_count') }}
    end as attainment_high,
    weighed.is_low_n,
    cast(weighed.target as double) as target_attainment,
    cast(weighed.target as double) - weighed.attainment as gap_to_target,
    weighed.impact,
    weighed.impact_cases,
    case when weighed.occurrence_count > 0 then weighed.friction_index end as friction_index,
    -- Few cases are shown and not ranked.
    case
        when not weighed.is_low_n and weighed.metric <> 'all'
            then cast(
                rank() over (
                    partition by
                        weighed.as_of_date, weighed.period_months, weighed.tier,
                        not weighed.is_low_n and weighed.metric <> 'all'
                    order by weighed.friction_index desc
                ) as integer
            )
    end as friction_rank
from weighed
