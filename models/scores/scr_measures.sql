{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('scorecards') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('exceptions') }}
-- depends_on: {{ ref('indicators') }}
-- depends_on: {{ ref('predictions') }}
-- depends_on: {{ ref('upsell_predictions') }}
-- depends_on: {{ ref('customer_value') }}
{#- Grain: one row per customer and month end with a complete 12-month window. A column for each
    indicator and way to score it that any profile uses: computed once, whatever the profiles. -#}
{%- set indicators = scorecard_indicators() %}
{%- set piecewise = [] %}
{%- for indicator in indicators if 'piecewise' in indicator['scorings'].split(',') %}
{%- do piecewise.append(indicator['indicator_id']) %}
{%- endfor %}
{%- set marts = indicators | map(attribute='mart') | unique
    | reject('equalto', 'customer_indicators') | sort %}
with run_months as (

    {{ run_months() }}

),

{{ targets_by_month('targets', piecewise) }}

-- Who has never bought is no customer yet: not measured, which is not zero.
customers as (

    select
        customer_indicators.*,
        customer_indicators.days_since_purchase is not null as is_customer
    from {{ ref('customer_indicators') }} as customer_indicators
    inner join run_months
        on
            customer_indicators.as_of_date >= run_months.first_month
            and customer_indicators.as_of_date <= run_months.last_month
    where customer_indicators.is_window_complete

),

measured as (

    select
        customer_indicators.customer_id,
        customer_indicators.as_of_date,
        customer_indicators.tier,
        customer_indicators.value_basis
        {%- for indicator in indicators %},
        case when customer_indicators.is_customer then {{ indicator_as_number(indicator) }} end
            as {{ indicator['indicator_id'] }}
        {%- if indicator['is_carried'] %},
        case when customer_indicators.is_customer
            then {{ indicator['mart'] }}.{{ indicator['age_column'] }} end
            as {{ indicator['indicator_id'] }}__age_days,
        {{ staleness_evidence(
            indicator['mart'] ~ '.' ~ indicator['age_column'], indicator['freshness_days'],
            indicator['half_life_days']
        ) }} as {{ indicator['indicator_id'] }}__left
        {%- endif %}
        {%- endfor %}
    from customers as customer_indicators
    {%- for mart in marts %}
    left join {{ ref(mart) }} as {{ mart }}
        on
            customer_indicators.customer_id = {{ mart }}.customer_id
            and customer_indicators.as_of_date = {{ mart }}.as_of_date
    {%- endfor %}

),

-- What is too old is not scored and is nobody's peer.
current_values as (

    select -- noqa: LT09
        measured.*
        {%- for indicator in indicators if indicator['is_carried'] %},
        case when measured.{{ indicator['indicator_id'] }}__left > 0
            then measured.{{ indicator['indicator_id'] }} end
            as {{ indicator['indicator_id'] }}__current
        {%- endfor %}
    from measured

)
{%- for indicator in indicators %}
{%- set value = scored_value(indicator, 'current_values') %}
{%- if 'percentile' in indicator['scorings'] %},

{{ indicator['indicator_id'] }}__in_portfolio as (

    {{ percentiles_of('current_values', value, ['as_of_date'], indicator['direction']) }}

)
{%- endif %}
{%- if 'percentile_in_tier' in indicator['scorings'] %},

{{ indicator['indicator_id'] }}__in_tier as (

    {{ percentiles_of('current_values', value, ['as_of_date', 'tier'], indicator['direction']) }}

)
{%- endif %}
{%- endfor %}

select
    current_values.customer_id,
    current_values.as_of_date,
    current_values.tier,
    current_values.value_basis
    {%- for indicator in indicators %}
    {%- set id = indicator['indicator_id'] %}
    {%- set value = scored_value(indicator, 'current_values') %},
    current_values.{{ id }} as {{ id }}__raw
    {%- if indicator['is_carried'] %},
    cast(current_values.{{ id }}__age_days as integer) as {{ id }}__age_days,
    case when {{ value }} is not null then current_values.{{ id }}__left else 0 end
        as {{ id }}__evidence
    {%- else %},
    cast(case when {{ value }} is not null then 1 else 0 end as double) as {{ id }}__evidence
    {%- endif %}
    {%- for scoring in indicator['scorings'].split(',') if scoring %},
    {% if scoring == 'piecewise' -%}
    cast(
        {{ piecewise_score(
            value, 'targets.' ~ id ~ '__floor', 'targets.' ~ id ~ '__target',
            'targets.' ~ id ~ '__stretch', indicator['direction'] == 'lower_is_better'
        ) }} as double
    ) as {{ id }}__piecewise
    {%- elif scoring == 'percentile_portfolio' -%}
    {{ id }}__in_portfolio.percentile as {{ id }}__percentile_portfolio
    {%- elif scoring == 'percentile_in_tier' -%}
    -- Of too few peers the best B would score 100 and the last A 0.
    case
        when {{ id }}__in_tier.peers >= {{ var('min_n') }} then {{ id }}__in_tier.percentile
        else {{ id }}__in_portfolio.percentile
    end as {{ id }}__percentile_in_tier
    {%- else -%}
    {{ exceptions.raise_compiler_error(
        'scorecard_nodes: ' ~ id ~ " has scoring '" ~ scoring
        ~ "'; expected piecewise, percentile_portfolio or percentile_in_tier"
    ) }}
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
from current_values
left join targets
    on current_values.as_of_date = targets.as_of_date and current_values.tier = targets.tier
{%- for indicator in indicators %}
{%- set id = indicator['indicator_id'] %}
{%- set value = scored_value(indicator, 'current_values') %}
{%- if 'percentile' in indicator['scorings'] %}
left join {{ id }}__in_portfolio
    on
        current_values.as_of_date = {{ id }}__in_portfolio.as_of_date
        and {{ value }} = {{ id }}__in_portfolio.peer_value
{%- endif %}
{%- if 'percentile_in_tier' in indicator['scorings'] %}
left join {{ id }}__in_tier
    on
        current_values.as_of_date = {{ id }}__in_tier.as_of_date
        and current_values.tier = {{ id }}__in_tier.tier
        and {{ value }} = {{ id }}__in_tier.peer_value
{%- endif %}
{%- endfor %}
