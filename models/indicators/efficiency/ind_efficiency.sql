{#- Grain: one row per month end, period (1 and 12 months) and value tier A to D: how well the
    tier's own targets of time to resolve, cost of acquisition and solving at first contact are
    attained (COEI, handbook C6), and what keeping and serving the tier cost. A target that is
    missing leaves its measure without a score and fails a test; there is no target for all to
    fall back on. -#}
{%- set measures = {
    'resolution_hours': true, 'acquisition_cost': true, 'first_contact_ratio': false,
} -%}
{%- set weights = var('efficiency_weights') -%}
with months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months

),

targets as (

    select
        efficiency_targets.measure,
        efficiency_targets.tier,
        efficiency_targets.target_value,
        efficiency_targets.valid_from,
        lead(efficiency_targets.valid_from) over (
            partition by efficiency_targets.measure, efficiency_targets.tier
            order by efficiency_targets.valid_from
        ) as valid_to
    from {{ ref('efficiency_targets') }} as efficiency_targets

),

lengths as (

    select 1 as period_months
    union all
    select 12 as period_months

),

tiers as (

    {% for tier in ['A', 'B', 'C', 'D'] -%}
    select '{{ tier }}' as tier
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

spine as (

    select
        months.as_of_date,
        lengths.period_months,
        tiers.tier
    from months
    cross join lengths
    cross join tiers

),

service as (

    select service_tiers.*
    from {{ ref('ind_service_tiers') }} as service_tiers
    where service_tiers.kind_group = 'all'

),

acquisition as (

    select acquisition.*
    from {{ ref('ind_acquisition') }} as acquisition
    where acquisition.channel = 'all' and acquisition.period_months = 12

),

-- Sums over the period's months; a sum is measured when every month of the period is.
periods as (

    select
        spine.as_of_date,
        spine.period_months,
        spine.tier,
        case when count(tier_months.cost_to_serve) = spine.period_months
            then sum(tier_months.cost_to_serve)
        end as cost_to_serve,
        case when count(tier_months.ticket_count) = spine.period_months
            then sum(tier_months.ticket_count)
        end as costed_ticket_count,
        case when count(tier_months.retention_cost) = spine.period_months
            then sum(tier_months.retention_cost)
        end as retention_cost
    from spine
    inner join {{ ref('ind_tier_months') }} as tier_months
        on
            spine.tier = tier_months.tier
            and spine.as_of_date >= tier_months.as_of_date
            and tier_months.as_of_date
            > {{ month_end_after('spine.as_of_date', '-spine.period_months') }}
    group by spine.as_of_date, spine.period_months, spine.tier

),

-- Each month's cost of acquisition is written off in equal parts over the months from the one in
-- which the customers were won; what falls into the last twelve months.
amortised as (

    select
        spine.as_of_date,
        spine.tier,
        count(*) as month_count,
        sum(
            coalesce(of_tier.acquisition_cost, 0) * case
                when {{ months_between('measured.as_of_date', 'spine.as_of_date') }} < 12
                    then {{ months_between('measured.as_of_date', 'spine.as_of_date') }} + 1
                else 23 - {{ months_between('measured.as_of_date', 'spine.as_of_date') }}
            end
        ) as cost_in_twelfths
    from spine
    inner join {{ ref('ind_acquisition') }} as measured
        on
            spine.as_of_date >= measured.as_of_date
            and measured.as_of_date > {{ month_end_after('spine.as_of_date', -23) }}
    -- A tier that neither cost nor won anything in a measured month has no row of it.
    left join {{ ref('ind_acquisition') }} as of_tier
        on
            spine.tier = of_tier.tier
            and measured.as_of_date = of_tier.as_of_date
            and measured.period_months = of_tier.period_months
            and measured.channel = of_tier.channel
    where
        spine.period_months = 12
        and measured.period_months = 1
        and measured.channel = 'all'
        and measured.tier = 'all'
    group by spine.as_of_date, spine.tier

),

actuals as (

    select
        spine.as_of_date,
        spine.period_months,
        spine.tier,
        service.resolved_count,
        {{ ratio('service.resolution_minutes_mean', '60') }} as resolution_hours,
        acquisition.new_customer_count as new_customer_count_12m,
        acquisition.acquisition_cost_per_customer as acquisition_cost,
        service.first_contact_cases,
        service.first_contact_pending_count,
        service.first_contact_ratio,
        periods.cost_to_serve,
        periods.costed_ticket_count,
        {%- for column in ['retention_cost'] %}
        case when spine.period_months = 12 then periods.{{ column }} end as {{ column }},
        {%- endfor %}
        case when spine.period_months = 12 then retained.retained_customer_count end
            as retained_customer_count,
        case
            when
                spine.period_months = 12
                and retained.retained_margin_count = retained.retained_customer_count
                then retained.retained_gross_margin_12m
        end as retained_gross_margin,
        case
            when spine.period_months = 12 and amortised.month_count = 23
                then cast(
                    round(amortised.cost_in_twelfths / cast(12 as double), 4) as decimal(18, 4)
                )
        end as amortised_acquisition_cost,
        case when spine.period_months = 12 then tier_months.gross_margin_12m end as gross_margin,
        case when spine.period_months = 12 then year_before.gross_margin_12m end
            as gross_margin_year_before,
        case when spine.period_months = 12 then periods_before.cost_to_serve end
            as cost_to_serve_year_before
        {%- for measure in measures %},
        cast({{ measure }}_targets.target_value as double) as {{ measure }}_target
        {%- endfor %}
    from spine
    left join service
        on
            spine.as_of_date = service.as_of_date
            and spine.period_months = service.period_months
            and spine.tier = service.tier
    left join acquisition
        on spine.as_of_date = acquisition.as_of_date and spine.tier = acquisition.tier
    left join periods
        on
            spine.as_of_date = periods.as_of_date
            and spine.period_months = periods.period_months
            and spine.tier = periods.tier
    left join periods as periods_before
        on
            {{ month_end_after('spine.as_of_date', -12) }} = periods_before.as_of_date
            and spine.period_months = periods_before.period_months
            and spine.tier = periods_before.tier
    left join {{ ref('ind_retained_margin') }} as retained
        on spine.as_of_date = retained.as_of_date and spine.tier = retained.tier
    left join amortised
        on spine.as_of_date = amortised.as_of_date and spine.tier = amortised.tier
    left join {{ ref('ind_tier_months') }} as tier_months
        on spine.as_of_date = tier_months.as_of_date and spine.tier = tier_months.tier
    left join {{ ref('ind_tier_months') }} as year_before
        on
            {{ month_end_after('spine.as_of_date', -12) }} = year_before.as_of_date
            and spine.tier = year_before.tier
    {%- for measure in measures %}
    left join targets as {{ measure }}_targets
        on
            spine.tier = {{ measure }}_targets.tier
            and {{ measure }}_targets.measure = '{{ measure }}'
            and {{ holds_on(
                'spine.as_of_date', measure ~ '_targets.valid_from', measure ~ '_targets.valid_to'
            ) }}
    {%- endfor %}

),

attained as (

    select
        actuals.*,
        {{ ratio('actuals.cost_to_serve', 'actuals.costed_ticket_count') }} as cost_per_ticket,
        {{ ratio('actuals.retention_cost', 'actuals.retained_customer_count') }}
            as retention_cost_per_customer,
        {{ ratio(
            'actuals.retained_gross_margin',
            'actuals.cost_to_serve + actuals.retention_cost + actuals.amortised_acquisition_cost'
        ) }} as efficiency_ratio,
        {{ ratio(
            'actuals.gross_margin - actuals.gross_margin_year_before',
            'actuals.cost_to_serve - actuals.cost_to_serve_year_before'
        ) }} as return_on_service_cost
        {%- for measure, is_lower_better in measures.items() %},
        {{ attainment_score(
            'actuals.' ~ measure, 'actuals.' ~ measure ~ '_target', is_lower_better
        ) }} as {{ measure }}_score
        {%- endfor %}
    from actuals

),

weighted as (

    select
        attained.*,
        {%- for measure in measures %}
        case when attained.{{ measure }}_score is not null then {{ weights[measure] }} else 0 end
        {{ '+' if not loop.last }}
        {%- endfor %} as covered_weight,
        {%- for measure in measures %}
        {{ weights[measure] }} * coalesce(attained.{{ measure }}_score, 0)
        {{ '+' if not loop.last }}
        {%- endfor %} as weighted_score,
        {%- for measure in measures %}
        case when attained.{{ measure }}_score is not null then 1 else 0 end
        {{ '+' if not loop.last }}
        {%- endfor %} as measure_count,
        {{ weights.values() | sum }} as all_weight
    from attained

)

select
    weighted.as_of_date,
    weighted.period_months,
    weighted.tier,
    {{ ratio('weighted.covered_weight', 'weighted.all_weight') }} as coverage,
    cast(weighted.measure_count as integer) as measure_count,
    case
        when weighted.covered_weight >= {{ var('min_coverage') }} * weighted.all_weight
            then {{ ratio('weighted.weighted_score', 'weighted.covered_weight') }}
    end as efficiency_score,
    weighted.resolution_hours,
    weighted.resolution_hours_target,
    weighted.resolution_hours_score,
    weighted.resolved_count,
    weighted.acquisition_cost,
    weighted.acquisition_cost_target,
    weighted.acquisition_cost_score,
    weighted.new_customer_count_12m,
    weighted.first_contact_ratio,
    weighted.first_contact_ratio_target,
    weighted.first_contact_ratio_score,
    weighted.first_contact_cases,
    weighted.first_contact_pending_count,
    cast(weighted.cost_to_serve as decimal(18, 4)) as cost_to_serve,
    cast(weighted.costed_ticket_count as integer) as costed_ticket_count,
    weighted.cost_per_ticket,
    cast(weighted.retention_cost as decimal(18, 4)) as retention_cost,
    weighted.retained_customer_count,
    weighted.retention_cost_per_customer,
    weighted.retained_gross_margin,
    weighted.amortised_acquisition_cost,
    weighted.efficiency_ratio,
    weighted.return_on_service_cost,
    coalesce(weighted.resolved_count, 0) < {{ var('min_n') }}
    or coalesce(weighted.first_contact_cases, 0) < {{ var('min_n') }}
    or coalesce(weighted.new_customer_count_12m, 0) < {{ var('min_n') }} as is_low_n
from weighted
where weighted.measure_count > 0 or weighted.cost_to_serve is not null
    or weighted.retention_cost is not null
