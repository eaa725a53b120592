{#- Grain: one row per product, month end and unit cost in force in the month: one row, or two where
    the cost changes within the month. So millions of lines find their cost by product and month,
    and compare days with one row or two. A cost is in the reporting currency at the rate of the day
    on which it took effect; without that rate it is not known. -#}
with costs as (

    select
        unit_costs.product_id,
        unit_costs.unit_cost,
        unit_costs.currency_code,
        cast(unit_costs.valid_from as date) as valid_from,
        row_number() over (
            partition by unit_costs.product_id, cast(unit_costs.valid_from as date)
            order by unit_costs.unit_cost desc, unit_costs.currency_code asc
        ) as cost_rank
    from {{ ref('stg_billing__unit_costs') }} as unit_costs

),

spans as (

    select
        costs.product_id,
        costs.valid_from,
        lead(costs.valid_from) over (
            partition by costs.product_id order by costs.valid_from
        ) as valid_to,
        {{ in_reporting_currency('costs.unit_cost', 'costs.currency_code', 'rate_days.rate') }}
            as unit_cost
    from costs
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on costs.currency_code = rate_days.currency_code and costs.valid_from = rate_days.rate_day
    where costs.cost_rank = 1

),

-- What costs nothing by its nature does so from the first cost of all on: who has no costs at all
-- knows no margin.
costless as (

    select
        product_codes.product_code as product_id,
        min(spans.valid_from) as valid_from,
        cast(null as date) as valid_to,
        cast(0 as decimal(18, 4)) as unit_cost
    from {{ ref('costless_product_codes') }} as product_codes
    cross join spans
    where product_codes.product_code not in (select costs.product_id from costs)
    group by product_codes.product_code

),

all_spans as (

    select * from spans
    union all
    select * from costless

)

select
    all_spans.product_id,
    months.as_of_date as month_end,
    all_spans.valid_from,
    all_spans.valid_to,
    all_spans.unit_cost
from all_spans
inner join {{ ref('int_months') }} as months
    on
        all_spans.valid_from <= months.as_of_date
        and (
            all_spans.valid_to is null
            or all_spans.valid_to > {{ dbt.date_trunc('month', 'months.as_of_date') }}
        )
