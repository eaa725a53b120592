{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1, 3 and 12 months), programme and group (all, one tier,
    one wave): response rate, NPS, CSAT, CES and first-contact resolution as customers see it
    (handbook C14). Weighted figures put back who did not answer: each cell of tier and tenure
    weighs as it did among the invited, at most five times. -#}
{%- set groups = [('all', "'all'"), ('tier', 'weighted.tier'), ('wave', 'weighted.wave')] -%}
with run_months as (

    {{ run_months() }}

),

-- The period before each period is needed for the change, so cells are read that far back.
cells as (

    select survey_cells.*
    from {{ ref('ind_survey_cells') }} as survey_cells
    inner join run_months
        on
            survey_cells.as_of_date >= {{ month_end_after('run_months.first_month', -12) }}
            and survey_cells.as_of_date <= run_months.last_month

),

totals as (

    select
        cells.as_of_date,
        cells.period_months,
        cells.programme_id,
        sum(cells.delivered_count) as delivered_count,
        sum(cells.answered_count) as answered_count
    from cells
    group by cells.as_of_date, cells.period_months, cells.programme_id

),

response_cells as (

    select
        cells.as_of_date,
        cells.period_months,
        cells.programme_id,
        cells.tier,
        cells.tenure,
        sum(cells.delivered_count) as delivered_count,
        sum(cells.answered_count) as answered_count
    from cells
    group by
        cells.as_of_date, cells.period_months, cells.programme_id, cells.tier, cells.tenure

),

weights as (

    select
        response_cells.as_of_date,
        response_cells.period_months,
        response_cells.programme_id,
        response_cells.tier,
        response_cells.tenure,
        cast(
            round(
                least(
                    {{ ratio('response_cells.delivered_count', 'totals.delivered_count') }}
                    / nullif(
                        {{ ratio('response_cells.answered_count', 'totals.answered_count') }}, 0
                    ),
                    {{ var('survey_weight_max') }}
                ), 6
            ) as decimal(9, 6)
        ) as weight
    from response_cells
    inner join totals
        on
            response_cells.as_of_date = totals.as_of_date
            and response_cells.period_months = totals.period_months
            and response_cells.programme_id = totals.programme_id

),

weighted as (

    select
        cells.*,
        cast(coalesce(weights.weight, 0) as decimal(9, 6)) as weight
    from cells
    inner join weights
        on
            cells.as_of_date = weights.as_of_date
            and cells.period_months = weights.period_months
            and cells.programme_id = weights.programme_id
            and cells.tier = weights.tier
            and cells.tenure = weights.tenure

),

grouped as (

    {% for kind, group in groups -%}
    select
        weighted.as_of_date,
        weighted.period_months,
        weighted.programme_id,
        '{{ kind }}' as group_kind,
        {{ group }} as group_value,
        {%- for count in [
            'delivered_count', 'answered_count', 'promoter_count', 'passive_count',
            'detractor_count', 'csat_count', 'csat_top_two_count', 'csat_score_sum', 'ces_count',
            'ces_easy_count', 'ces_answer_sum', 'fcr_count', 'fcr_yes_count',
        ] %}
        sum(weighted.{{ count }}) as {{ count }},
        {%- endfor %}
        sum(weighted.weight * weighted.promoter_count) as promoter_weight,
        sum(weighted.weight * weighted.detractor_count) as detractor_weight,
        sum(
            weighted.weight
            * (weighted.promoter_count + weighted.passive_count + weighted.detractor_count)
        ) as nps_weight,
        sum(
            weighted.weight * weighted.weight
            * (weighted.promoter_count + weighted.passive_count + weighted.detractor_count)
        ) as nps_squared_weight
    from weighted
    {{ 'where weighted.wave is not null' if kind == 'wave' }}
    group by
        weighted.as_of_date, weighted.period_months, weighted.programme_id
        {{- ', ' ~ group if kind != 'all' }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        grouped.*,
        grouped.promoter_count + grouped.passive_count + grouped.detractor_count as nps_count,
        grouped.nps_weight * cast(grouped.nps_weight as double)
        / nullif(cast(grouped.nps_squared_weight as double), 0) as effective_nps_count
    from grouped

),

measured as (

    select
        counted.*,
        case
            when counted.nps_count > 0
                then {{ nps(
                    'counted.promoter_count', 'counted.detractor_count', 'counted.nps_count'
                ) }}
        end as nps,
        {{ nps_standard_error(
            'counted.promoter_count', 'counted.detractor_count', 'counted.nps_count',
            'counted.nps_count'
        ) }} as nps_standard_error,
        {{ nps('counted.promoter_weight', 'counted.detractor_weight', 'counted.nps_weight') }}
            as weighted_nps,
        {{ nps_standard_error(
            'counted.promoter_weight', 'counted.detractor_weight', 'counted.nps_weight',
            'counted.effective_nps_count'
        ) }} as weighted_nps_standard_error,
        -- All answers in one class say nothing of the spread: one answer is added to each class.
        case
            when
                counted.nps_count in (
                    counted.promoter_count, counted.passive_count, counted.detractor_count
                )
                then 1
            else 0
        end as added
    from counted

),

bounded as (

    select
        measured.*,
        {{ nps(
            '(measured.promoter_count + measured.added)',
            '(measured.detractor_count + measured.added)',
            'measured.nps_count + 3 * measured.added'
        ) }} as interval_centre,
        {{ normal_95() }} * {{ nps_standard_error(
            '(measured.promoter_count + measured.added)',
            '(measured.detractor_count + measured.added)',
            'measured.nps_count + 3 * measured.added',
            'measured.nps_count + 3 * measured.added'
        ) }} as interval_margin
    from measured

),

changed as (

    select
        bounded.*,
        bounded.nps - before_it.nps as nps_change,
        sqrt(
            bounded.interval_margin * bounded.interval_margin
            + before_it.interval_margin * before_it.interval_margin
        ) as nps_change_margin
    from bounded
    inner join run_months on bounded.as_of_date >= run_months.first_month
    left join bounded as before_it
        on
            before_it.as_of_date
            = {{ month_end_after('bounded.as_of_date', '-bounded.period_months') }}
            and bounded.period_months = before_it.period_months
            and bounded.programme_id = before_it.programme_id
            and bounded.group_kind = before_it.group_kind
            and bounded.group_value = before_it.group_value

)

select
    changed.as_of_date,
    changed.period_months,
    changed.programme_id,
    changed.group_kind,
    changed.group_value,
    cast(changed.delivered_count as integer) as delivered_count,
    cast(changed.answered_count as integer) as answered_count,
    {{ rate_columns('response', 'changed.answered_count', 'changed.delivered_count') }},
    cast(changed.nps_count as integer) as nps_count,
    cast(changed.promoter_count as integer) as promoter_count,
    cast(changed.passive_count as integer) as passive_count,
    cast(changed.detractor_count as integer) as detractor_count,
    changed.nps,
    changed.nps_standard_error,
    case
        when changed.nps_count > 0 then changed.interval_centre - changed.interval_margin
    end as nps_low,
    case
        when changed.nps_count > 0 then changed.interval_centre + changed.interval_margin
    end as nps_high,
    case when changed.nps_count > 0 then changed.weighted_nps end as weighted_nps,
    case when changed.nps_count > 0 then changed.weighted_nps_standard_error end
        as weighted_nps_standard_error,
    changed.nps_change,
    changed.nps_change_margin,
    abs(changed.nps_change) > changed.nps_change_margin as is_nps_change_real,
    changed.nps_count < {{ var('min_n') }} as is_nps_low_n,
    {%- for measure, successes in [
        ('csat', 'csat_top_two'), ('ces', 'ces_easy'), ('fcr', 'fcr_yes'),
    ] %}
    cast(changed.{{ measure }}_count as integer) as {{ measure }}_count,
    {{ ratio('changed.' ~ successes ~ '_count', 'changed.' ~ measure ~ '_count') }}
        as {{ successes }}_ratio,
    case
        when changed.{{ measure }}_count > 0
            then {{ wilson_low(
                'changed.' ~ successes ~ '_count', 'changed.' ~ measure ~ '_count'
            ) }}
    end as {{ successes }}_low,
    case
        when changed.{{ measure }}_count > 0
            then {{ wilson_high(
                'changed.' ~ successes ~ '_count', 'changed.' ~ measure ~ '_count'
            ) }}
    end as {{ successes }}_high,
    changed.{{ measure }}_count < {{ var('min_n') }} as is_{{ measure }}_low_n,
    {%- endfor %}
    {{ ratio('changed.csat_score_sum', 'changed.csat_count') }} as csat_mean_score,
    {{ ratio('changed.ces_answer_sum', 'changed.ces_count') }} as ces_mean
from changed
