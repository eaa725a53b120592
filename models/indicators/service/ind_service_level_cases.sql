{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, value tier, region and number of tiers (1 or 2) that a customer
    was served below its own, where a customer asked for help and both tiers are known. Customers
    are compared and not tickets: those of one customer are served alike, so that ten of them are
    no ten findings. A case is a region whose customers of a tier are served below it clearly more
    often than the others of that tier; that all of a tier are, its ratio says. -#}
{%- set cell = ['tier', 'region', 'tiers_below_from'] -%}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ fact_windows(['tickets'], [var('service_case_months')]) }}

),

levels as (

    select
        ticket_levels.*,
        coalesce(ticket_levels.region, 'none') as served_region
    from {{ ref('ind_ticket_levels') }} as ticket_levels
    inner join run_months
        on
            ticket_levels.created_month
            > {{ month_end_after('run_months.first_month', -var('service_case_months')) }}
            and ticket_levels.created_month <= run_months.last_month
    where ticket_levels.customer_id is not null and ticket_levels.tiers_below is not null

),

thresholds as (

    select 1 as tiers_below_from
    union all
    select 2 as tiers_below_from

),

served as (

    select
        windows.as_of_date,
        windows.period_months,
        levels.customer_tier as tier,
        levels.served_region as region,
        levels.customer_id,
        levels.sla_tier,
        levels.tiers_below,
        count(*) as ticket_count
    from levels
    inner join windows
        on
            levels.created_month = windows.month_end
            and levels.known_month <= windows.as_of_date
            and (levels.excluded_month is null or levels.excluded_month > windows.as_of_date)
    where windows.tickets
    group by
        windows.as_of_date,
        windows.period_months,
        levels.customer_tier,
        levels.served_region,
        levels.customer_id,
        levels.sla_tier,
        levels.tiers_below

),

customers as (

    select
        served.as_of_date,
        served.period_months,
        served.tier,
        served.region,
        thresholds.tiers_below_from,
        served.customer_id,
        sum(served.ticket_count) as ticket_count,
        sum(
            case
                when served.tiers_below >= thresholds.tiers_below_from then served.ticket_count
                else 0
            end
        ) as below_ticket_count
        {%- for level in ['B', 'C', 'D'] %},
        sum(
            case
                when
                    served.tiers_below >= thresholds.tiers_below_from
                    and served.sla_tier = '{{ level }}'
                    then served.ticket_count
                else 0
            end
        ) as level_{{ level | lower }}_count
        {%- endfor %}
    from served
    inner join thresholds
        on {{ tier_place('served.tier') }} + thresholds.tiers_below_from <= 4
    group by
        served.as_of_date,
        served.period_months,
        served.tier,
        served.region,
        thresholds.tiers_below_from,
        served.customer_id

),

cells as (

    select
        customers.as_of_date,
        customers.period_months,
        customers.tier,
        customers.region,
        customers.tiers_below_from,
        sum(customers.ticket_count) as ticket_count,
        sum(customers.below_ticket_count) as below_ticket_count,
        count(*) as customer_count,
        {{ count_when('customers.below_ticket_count > 0') }} as below_customer_count
        {%- for level in ['b', 'c', 'd'] %},
        sum(customers.level_{{ level }}_count) as level_{{ level }}_count
        {%- endfor %}
    from customers
    group by
        customers.as_of_date,
        customers.period_months,
        customers.tier,
        customers.region,
        customers.tiers_below_from

),

-- The other regions of the same tier.
rest as (

    select
        cells.*,
        sum(cells.customer_count) over (
            partition by cells.as_of_date, cells.tier, cells.tiers_below_from
        ) - cells.customer_count as rest_customer_count,
        sum(cells.below_customer_count) over (
            partition by cells.as_of_date, cells.tier, cells.tiers_below_from
        ) - cells.below_customer_count as rest_below_customer_count
    from cells

),

rated as (

    select
        rest.*,
        {{ ratio('rest.below_customer_count', 'rest.customer_count') }} as below_customer_ratio,
        {{ wilson_low('rest.below_customer_count', 'rest.customer_count') }}
            as below_customer_low,
        {{ wilson_high('rest.below_customer_count', 'rest.customer_count') }}
            as below_customer_high,
        {{ ratio('rest.rest_below_customer_count', 'rest.rest_customer_count') }}
            as rest_below_customer_ratio,
        case
            when rest.rest_customer_count > 0
                then {{ wilson_low(
                    'rest.rest_below_customer_count', 'rest.rest_customer_count'
                ) }}
        end as rest_low,
        case
            when rest.rest_customer_count > 0
                then {{ wilson_high(
                    'rest.rest_below_customer_count', 'rest.rest_customer_count'
                ) }}
        end as rest_high
    from rest

),

-- Differences of doubles are off by their last digit.
compared as (

    select
        rated.*,
        round(rated.below_customer_ratio - rated.rest_below_customer_ratio, 9) as difference,
        round(
            {{ difference_low(
                'rated.below_customer_ratio', 'rated.below_customer_low',
                'rated.rest_below_customer_ratio', 'rated.rest_high'
            ) }}, 9
        ) as difference_low,
        round(
            {{ difference_high(
                'rated.below_customer_ratio', 'rated.below_customer_high',
                'rated.rest_below_customer_ratio', 'rated.rest_low'
            ) }}, 9
        ) as difference_high
    from rated

),

judged as (

    select
        compared.*,
        case
            when compared.rest_customer_count > 0
                then
                    compared.customer_count >= {{ var('service_case_min_customers') }}
                    and compared.difference_low > {{ var('service_case_difference') }}
        end as is_case
    from compared

),

-- A case of the month before the run's goes on.
case_months as (

    select
        judged.as_of_date,
        judged.tier,
        judged.region,
        judged.tiers_below_from,
        judged.as_of_date as case_since
    from judged
    where judged.is_case
    {%- if is_incremental() %}
    union all
    select
        this_table.as_of_date,
        this_table.tier,
        this_table.region,
        this_table.tiers_below_from,
        this_table.case_since
    from {{ this }} as this_table
    inner join run_months
        on this_table.as_of_date = {{ month_end_after('run_months.first_month', -1) }}
    where this_table.is_case
    {%- endif %}

),

previous_months as (

    select
        case_months.*,
        lag(case_months.as_of_date) over (
            partition by
                {% for column in cell -%}
                case_months.{{ column }}{{ ',' if not loop.last }}
                {% endfor -%}
            order by case_months.as_of_date
        ) as previous_month
    from case_months

),

cases as (

    select
        previous_months.*,
        max(
            case
                when
                    previous_months.previous_month is null
                    or previous_months.previous_month
                    < {{ month_end_after('previous_months.as_of_date', -1) }}
                    then previous_months.case_since
            end
        ) over (
            partition by
                {% for column in cell -%}
                previous_months.{{ column }}{{ ',' if not loop.last }}
                {% endfor -%}
            order by previous_months.as_of_date
            rows between unbounded preceding and current row
        ) as began_on
    from previous_months

)

select
    judged.as_of_date,
    cast(judged.period_months as integer) as period_months,
    judged.tier,
    judged.region,
    judged.tiers_below_from,
    cast(judged.ticket_count as integer) as ticket_count,
    cast(judged.below_ticket_count as integer) as below_ticket_count,
    {{ ratio('judged.below_ticket_count', 'judged.ticket_count') }} as below_ticket_ratio,
    cast(judged.customer_count as integer) as customer_count,
    cast(judged.below_customer_count as integer) as below_customer_count,
    judged.below_customer_ratio,
    judged.below_customer_low,
    judged.below_customer_high,
    cast(judged.rest_customer_count as integer) as rest_customer_count,
    cast(judged.rest_below_customer_count as integer) as rest_below_customer_count,
    judged.rest_below_customer_ratio,
    judged.difference,
    judged.difference_low,
    judged.difference_high,
    -- The tier whose service level most of those had; of two the lower.
    case
        when judged.below_ticket_count = 0 then null
        when
            judged.level_d_count >= judged.level_c_count
            and judged.level_d_count >= judged.level_b_count
            then 'D'
        when judged.level_c_count >= judged.level_b_count then 'C'
        else 'B'
    end as usual_sla_tier,
    judged.customer_count < {{ var('min_n') }} as is_low_n,
    judged.is_case,
    cases.began_on as case_since
from judged
left join cases
    on
        judged.as_of_date = cases.as_of_date
        and judged.tier = cases.tier
        and judged.region = cases.region
        and judged.tiers_below_from = cases.tiers_below_from
