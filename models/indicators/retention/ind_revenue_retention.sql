{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1 and 12 months) and tier at the period's start, and one
    row `all`: what became of the recurring revenue of those who had some at the start (handbook
    C15). GRR = sum of min(end, start) / sum of start, NRR = sum of end / sum of start. Ratios of
    sums: the interval is that of a ratio estimator by linearisation. -#}
with run_months as (

    {{ run_months() }}

),

ends as (

    {{ period_ends([1, 12]) }}

),

starters as (

    select
        ends.as_of_date,
        ends.period_months,
        coalesce(ind_value.tier, 'unknown') as tier,
        at_start.mrr as start_mrr,
        at_end.mrr as end_mrr,
        case when at_end.mrr < at_start.mrr then at_end.mrr else at_start.mrr end as kept_mrr
    from ends
    inner join {{ ref('int_mrr_months') }} as at_start
        on ends.start_date = at_start.as_of_date and at_start.mrr > 0
    inner join {{ ref('int_mrr_months') }} as at_end
        on at_start.customer_id = at_end.customer_id and ends.as_of_date = at_end.as_of_date
    left join {{ ref('ind_value') }} as ind_value
        on
            at_start.customer_id = ind_value.customer_id
            and ends.start_date = ind_value.as_of_date

),

-- Squares and products of single customers need more digits than money has.
summed as (

    {% for tier in ["starters.tier", "'all'"] -%}
    select
        starters.as_of_date,
        starters.period_months,
        {{ tier }} as tier,
        count(*) as starter_count,
        sum(case when starters.end_mrr > 0 then 1 else 0 end) as retained_count,
        sum(starters.start_mrr) as start_mrr,
        sum(starters.end_mrr) as end_mrr,
        sum(starters.kept_mrr) as kept_mrr,
        {%- for name, one, other in [
            ('start_squared', 'start_mrr', 'start_mrr'),
            ('end_squared', 'end_mrr', 'end_mrr'),
            ('kept_squared', 'kept_mrr', 'kept_mrr'),
            ('end_by_start', 'end_mrr', 'start_mrr'),
            ('kept_by_start', 'kept_mrr', 'start_mrr'),
        ] %}
        sum(
            cast(starters.{{ one }} as decimal(15, 2))
            * cast(starters.{{ other }} as decimal(15, 2))
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from starters
    group by starters.as_of_date, starters.period_months{{ ', starters.tier' if loop.first }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

rated as (

    select
        summed.*,
        {{ ratio('summed.kept_mrr', 'summed.start_mrr') }} as gross_ratio,
        {{ ratio('summed.end_mrr', 'summed.start_mrr') }} as net_ratio
    from summed

),

spread as (

    select
        rated.*,
        {%- for name, part in [('gross', 'kept'), ('net', 'end')] %}
        case
            when rated.starter_count > 1
                then sqrt(
                    greatest(
                        cast(rated.{{ part }}_squared as double)
                        - 2 * rated.{{ name }}_ratio * cast(rated.{{ part }}_by_start as double)
                        + rated.{{ name }}_ratio * rated.{{ name }}_ratio
                        * cast(rated.start_squared as double),
                        0
                    ) * rated.starter_count / (rated.starter_count - 1)
                ) / cast(rated.start_mrr as double)
        end as {{ name }}_standard_error{{ ',' if not loop.last }}
        {%- endfor %}
    from rated

)

select
    spread.as_of_date,
    spread.period_months,
    spread.tier,
    cast(spread.starter_count as integer) as starter_count,
    cast(spread.retained_count as integer) as retained_starter_count,
    cast(spread.start_mrr as decimal(18, 4)) as start_mrr,
    cast(spread.end_mrr as decimal(18, 4)) as end_mrr,
    cast(spread.kept_mrr as decimal(18, 4)) as kept_mrr,
    spread.gross_ratio as gross_revenue_retention,
    {{ clamp(
        'spread.gross_ratio - ' ~ normal_95() ~ ' * spread.gross_standard_error', 0, 1
    ) }} as gross_revenue_retention_low,
    {{ clamp(
        'spread.gross_ratio + ' ~ normal_95() ~ ' * spread.gross_standard_error', 0, 1
    ) }} as gross_revenue_retention_high,
    spread.net_ratio as net_revenue_retention,
    -- Revenue is never below zero; there is no upper end.
    case
        when spread.net_ratio > {{ normal_95() }} * spread.net_standard_error
            then spread.net_ratio - {{ normal_95() }} * spread.net_standard_error
        when spread.net_standard_error is not null then 0
    end as net_revenue_retention_low,
    spread.net_ratio + {{ normal_95() }} * spread.net_standard_error
        as net_revenue_retention_high,
    spread.starter_count < {{ var('min_n') }} as is_low_n
from spread
