{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and indicator of the catalogue. The wide table is read once and
    gives one row per month, which is then laid down in rows. -#}
{%- set catalogue = published_catalogue() -%}
with run_months as (

    {{ run_months() }}

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

counted as (

    select
        customer_indicators.as_of_date,
        {%- for each in catalogue %}
        count(customer_indicators.{{ each['presence_column'] }}) as measured_{{ loop.index }},
        count(
            case
                when
                    customer_indicators.{{ each['presence_column'] }} is null
                    and customer_indicators.{{ each['source_rows_column'] }} = 0
                    then 1
            end
        ) as without_cases_{{ loop.index }},
        {%- endfor %}
        count(*) as customers
    from {{ ref('customer_indicators') }} as customer_indicators
    inner join run_months
        on
            customer_indicators.as_of_date >= run_months.first_month
            and customer_indicators.as_of_date <= run_months.last_month
    where customer_indicators.is_active
    group by customer_indicators.as_of_date

),

-- What was known of each system by each month end.
systems as (

    select
        source_months.source_system,
        source_months.as_of_date,
        source_months.is_measured,
        min(case when source_months.is_measured then source_months.as_of_date end) over so_far
            as first_measured,
        max(case when source_months.is_measured then source_months.as_of_date end) over so_far
            as last_measured
    from {{ ref('int_source_months') }} as source_months
    window so_far as (
        partition by source_months.source_system order by source_months.as_of_date
        rows between unbounded preceding and current row
    )

),

laid_down as (

    select
        months.as_of_date,
        indicators.indicator_id,
        indicators.viewpoint,
        indicators.needs_system,
        indicators.needs_table,
        cast(
            case
                when indicators.time_window = '1 month' then '1'
                when indicators.time_window like '% months'
                    and indicators.time_window not like '% to %'
                    then replace(indicators.time_window, ' months', '')
            end as integer
        ) as window_months,
        cast(coalesce(counted.customers, 0) as integer) as customers,
        cast(
            coalesce(
                case indicators.indicator_id
                    {%- for each in catalogue %}
                    when '{{ each['indicator_id'] }}' then counted.measured_{{ loop.index }}
                    {%- endfor %}
                end, 0
            ) as integer
        ) as measured_customers,
        cast(
            coalesce(
                case indicators.indicator_id
                    {%- for each in catalogue %}
                    when '{{ each['indicator_id'] }}' then counted.without_cases_{{ loop.index }}
                    {%- endfor %}
                end, 0
            ) as integer
        ) as customers_without_cases
    from months
    cross join {{ ref('indicators') }} as indicators
    left join counted on months.as_of_date = counted.as_of_date
    where indicators.mart = 'customer_indicators'

),

-- Of several systems with `or` between, one is enough. What names none rests on billing.
needed as (

    select
        laid_down.as_of_date,
        laid_down.indicator_id,
        {{ dbt.listagg(
            "case when systems.first_measured is null then systems.source_system end",
            "', '", "order by systems.source_system"
        ) }} as not_connected,
        {{ dbt.listagg(
            "case
                when systems.first_measured is not null and not systems.is_measured
                    then systems.source_system
            end",
            "', '", "order by systems.source_system"
        ) }} as not_measured,
        {{ dbt.listagg(
            "case
                when
                    systems.first_measured
                    > " ~ month_end_after('laid_down.as_of_date', '1 - laid_down.window_months') ~ "
                    then systems.source_system
            end",
            "', '", "order by systems.source_system"
        ) }} as begun_within,
        max(systems.first_measured) as first_measured,
        max(systems.last_measured) as last_measured,
        count(*) as systems,
        sum(case when systems.first_measured is null then 1 else 0 end) as unconnected_systems,
        sum(case when systems.is_measured then 0 else 1 end) as unmeasured_systems
    from laid_down
    inner join systems
        on
            laid_down.as_of_date = systems.as_of_date
            and concat(
                ', ', replace(coalesce(laid_down.needs_system, 'billing'), ' or ', ', '), ','
            ) like concat('%, ', systems.source_system, ',%')
    group by laid_down.as_of_date, laid_down.indicator_id

),

-- How many of the systems must be missing for the indicator to be.
judged as (

    select
        laid_down.*,
        needed.not_connected,
        needed.not_measured,
        needed.begun_within,
        needed.first_measured,
        needed.last_measured,
        needed.unconnected_systems
        >= case when laid_down.needs_system like '% or %' then needed.systems else 1 end
            as is_not_connected,
        needed.unmeasured_systems
        >= case when laid_down.needs_system like '% or %' then needed.systems else 1 end
            as is_not_measured_now
    from laid_down
    left join needed
        on
            laid_down.as_of_date = needed.as_of_date
            and laid_down.indicator_id = needed.indicator_id

)

select
    judged.as_of_date,
    judged.indicator_id,
    judged.viewpoint,
    judged.needs_system,
    judged.customers,
    judged.measured_customers,
    judged.customers_without_cases,
    {{ ratio('judged.measured_customers', 'judged.customers') }} as measured_share,
    case
        when judged.measured_customers = 0 then 'not measured'
        when judged.measured_customers < judged.customers then 'partly measured'
        else 'measured'
    end as status,
    case
        when judged.customers = 0 then 'no customer was active'
        when judged.measured_customers = judged.customers then null
        when judged.is_not_connected then concat('not connected: ', judged.not_connected)
        when judged.is_not_measured_now
            then
                concat(
                    'no data of this month: ', judged.not_measured, ' (last of the month to ',
                    cast(judged.last_measured as varchar), ')'
                )
        when judged.measured_customers = 0 and judged.needs_table is not null
            then concat('nothing or too little in ', judged.needs_table)
        when judged.customers_without_cases = judged.customers
            then 'no customer had a case in its window'
        when judged.begun_within is not null
            then
                concat(
                    'data begin within its window: ', judged.begun_within, ' (month to ',
                    cast(judged.first_measured as varchar), ')'
                )
        when judged.measured_customers + judged.customers_without_cases = judged.customers
            then 'the other customers had no case in its window'
    end as why_not
from judged
