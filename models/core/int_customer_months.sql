{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month end, dense from the month in which the customer was first
    seen. Monthly facts, and running facts that continue from the month before the run's first, so
    that a month costs the same however long the history is. -#}
with run_months as (

    {{ run_months() }}

),

carried as (

    {% if is_incremental() -%}
    select this_table.*
    from {{ this }} as this_table
    inner join run_months
        on this_table.as_of_date = {{ month_end_after('run_months.first_month', -1) }}
    {%- else -%}
    select
        cast(null as varchar) as customer_id,
        cast(null as date) as first_purchase_date,
        cast(null as date) as last_purchase_date,
        cast(null as decimal(18, 4)) as first_purchase_amount,
        cast(null as decimal(18, 4)) as lifetime_purchase_amount,
        cast(null as decimal(18, 4)) as lifetime_revenue,
        cast(null as decimal(18, 4)) as lifetime_gross_margin,
        cast(null as decimal(18, 4)) as lifetime_costed_revenue,
        cast(null as decimal(18, 4)) as lifetime_turnover,
        cast(null as decimal(18, 4)) as lifetime_costed_turnover,
        cast(null as integer) as lifetime_purchase_count,
        cast(null as integer) as lifetime_line_count,
        cast(null as integer) as lifetime_gap_count,
        cast(null as integer) as lifetime_long_gap_count,
        cast(null as integer) as product_count_12m,
        cast(null as integer) as category_count_12m
    from run_months
    where 1 = 0
    {%- endif %}

),

spine as (

    select
        customers.customer_id,
        customers.first_seen_date,
        months.as_of_date
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('int_months') }} as months
        on customers.first_seen_month <= months.as_of_date
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

lines as (

    select
        billing_lines.customer_id,
        billing_lines.month_end,
        sum(billing_lines.amount) as revenue,
        sum(
            case when billing_lines.line_kind = 'invoice_line' then billing_lines.amount else 0 end
        ) as invoiced_amount,
        -sum(
            case when billing_lines.line_kind = 'credit_line' then billing_lines.amount else 0 end
        ) as returned_amount,
        -- A line without a cost has no margin, which is not a margin of 0: what is costed is
        -- counted beside it, by amounts whatever their sign.
        sum(billing_lines.amount - billing_lines.cost) as gross_margin,
        sum(case when billing_lines.cost is not null then billing_lines.amount else 0 end)
            as costed_revenue,
        sum(abs(billing_lines.amount)) as turnover,
        sum(case when billing_lines.cost is not null then abs(billing_lines.amount) else 0 end)
            as costed_turnover,
        count(*) as line_count
    from {{ ref('int_billing_lines') }} as billing_lines
    inner join run_months
        on
            billing_lines.month_end >= run_months.first_month
            and billing_lines.month_end <= run_months.last_month
    where billing_lines.exclusion_reason is null
    group by billing_lines.customer_id, billing_lines.month_end

),

purchases as (

    select
        purchases.customer_id,
        purchases.month_end,
        purchases.purchase_date,
        purchases.amount,
        {{ days_between(
            'coalesce(lag(purchases.purchase_date) over (partition by purchases.customer_id '
            ~ 'order by purchases.purchase_date), carried.last_purchase_date)',
            'purchases.purchase_date'
        ) }} as gap_days,
        row_number() over (
            partition by purchases.customer_id order by purchases.purchase_date
        ) as purchase_number
    from {{ ref('int_purchases') }} as purchases
    inner join run_months
        on
            purchases.month_end >= run_months.first_month
            and purchases.month_end <= run_months.last_month
    left join carried on purchases.customer_id = carried.customer_id

),

monthly_purchases as (

    select
        purchases.customer_id,
        purchases.month_end,
        count(*) as purchase_count,
        sum(purchases.amount) as purchase_amount,
        min(purchases.purchase_date) as first_purchase_date,
        max(purchases.purchase_date) as last_purchase_date,
        max(
            case when purchases.purchase_number = 1 then purchases.amount end
        ) as first_purchase_amount,
        count(purchases.gap_days) as gap_count,
        sum(coalesce(purchases.gap_days, 0)) as gap_days_sum,
        sum(
            coalesce(cast(purchases.gap_days as bigint) * purchases.gap_days, 0)
        ) as gap_days_squared_sum,
        sum(
            case
                when purchases.gap_days > {{ var('activity_days_max') }} then 1
                else 0
            end
        ) as long_gap_count
    from purchases
    group by purchases.customer_id, purchases.month_end

),

joined as (

    select
        spine.customer_id,
        spine.as_of_date,
        spine.first_seen_date,
        coalesce(lines.revenue, 0) as revenue,
        coalesce(lines.invoiced_amount, 0) as invoiced_amount,
        coalesce(lines.returned_amount, 0) as returned_amount,
        coalesce(lines.gross_margin, 0) as gross_margin,
        coalesce(lines.costed_revenue, 0) as costed_revenue,
        coalesce(lines.turnover, 0) as turnover,
        coalesce(lines.costed_turnover, 0) as costed_turnover,
        coalesce(lines.line_count, 0) as line_count,
        coalesce(monthly_purchases.purchase_count, 0) as purchase_count,
        coalesce(monthly_purchases.purchase_amount, 0) as purchase_amount,
        coalesce(monthly_purchases.gap_count, 0) as gap_count,
        coalesce(monthly_purchases.gap_days_sum, 0) as gap_days_sum,
        coalesce(monthly_purchases.gap_days_squared_sum, 0) as gap_days_squared_sum,
        coalesce(monthly_purchases.long_gap_count, 0) as long_gap_count,
        monthly_purchases.first_purchase_date as month_first_purchase_date,
        monthly_purchases.last_purchase_date as month_last_purchase_date,
        monthly_purchases.first_purchase_amount as window_first_purchase_amount,
        coalesce(breadth.product_entered_count, 0)
        - coalesce(breadth.product_left_count, 0) as product_change,
        coalesce(breadth.category_entered_count, 0)
        - coalesce(breadth.category_left_count, 0) as category_change
    from spine
    left join lines
        on spine.customer_id = lines.customer_id and spine.as_of_date = lines.month_end
    left join monthly_purchases
        on
            spine.customer_id = monthly_purchases.customer_id
            and spine.as_of_date = monthly_purchases.month_end
    left join {{ ref('int_customer_breadth') }} as breadth
        on spine.customer_id = breadth.customer_id and spine.as_of_date = breadth.as_of_date

),

running as (

    select
        joined.*,
        min(joined.month_first_purchase_date) over so_far as first_purchase_date_so_far,
        max(joined.month_last_purchase_date) over so_far as last_purchase_date_so_far,
        max(joined.window_first_purchase_amount) over so_far as first_purchase_amount_so_far,
        sum(joined.revenue) over so_far as revenue_so_far,
        sum(joined.gross_margin) over so_far as gross_margin_so_far,
        sum(joined.costed_revenue) over so_far as costed_revenue_so_far,
        sum(joined.turnover) over so_far as turnover_so_far,
        sum(joined.costed_turnover) over so_far as costed_turnover_so_far,
        sum(joined.purchase_count) over so_far as purchase_count_so_far,
        sum(joined.purchase_amount) over so_far as purchase_amount_so_far,
        sum(joined.line_count) over so_far as line_count_so_far,
        sum(joined.gap_count) over so_far as gap_count_so_far,
        sum(joined.long_gap_count) over so_far as long_gap_count_so_far,
        sum(joined.product_change) over so_far as product_count_so_far,
        sum(joined.category_change) over so_far as category_count_so_far
    from joined
    window so_far as (
        partition by joined.customer_id order by joined.as_of_date
        rows between unbounded preceding and current row
    )

)

select
    running.customer_id,
    running.as_of_date,
    running.first_seen_date,
    coalesce(carried.first_purchase_date, running.first_purchase_date_so_far)
        as first_purchase_date,
    coalesce(running.last_purchase_date_so_far, carried.last_purchase_date) as last_purchase_date,
    cast(running.revenue as decimal(18, 4)) as revenue,
    cast(running.invoiced_amount as decimal(18, 4)) as invoiced_amount,
    cast(running.returned_amount as decimal(18, 4)) as returned_amount,
    cast(running.gross_margin as decimal(18, 4)) as gross_margin,
    cast(running.costed_revenue as decimal(18, 4)) as costed_revenue,
    cast(running.turnover as decimal(18, 4)) as turnover,
    cast(running.costed_turnover as decimal(18, 4)) as costed_turnover,
    cast(running.purchase_amount as decimal(18, 4)) as purchase_amount,
    cast(running.line_count as integer) as line_count,
    cast(running.purchase_count as integer) as purchase_count,
    cast(running.gap_count as integer) as gap_count,
    cast(running.gap_days_sum as bigint) as gap_days_sum,
    cast(running.gap_days_squared_sum as bigint) as gap_days_squared_sum,
    cast(
        coalesce(carried.product_count_12m, 0) + running.product_count_so_far as integer
    ) as product_count_12m,
    cast(
        coalesce(carried.category_count_12m, 0) + running.category_count_so_far as integer
    ) as category_count_12m,
    cast(
        coalesce(carried.first_purchase_amount, running.first_purchase_amount_so_far)
        as decimal(18, 4)
    ) as first_purchase_amount,
    cast(
        coalesce(carried.lifetime_revenue, 0) + running.revenue_so_far as decimal(18, 4)
    ) as lifetime_revenue,
    cast(
        coalesce(carried.lifetime_gross_margin, 0) + running.gross_margin_so_far as decimal(18, 4)
    ) as lifetime_gross_margin,
    cast(
        coalesce(carried.lifetime_costed_revenue, 0) + running.costed_revenue_so_far
        as decimal(18, 4)
    ) as lifetime_costed_revenue,
    cast(
        coalesce(carried.lifetime_turnover, 0) + running.turnover_so_far as decimal(18, 4)
    ) as lifetime_turnover,
    cast(
        coalesce(carried.lifetime_costed_turnover, 0) + running.costed_turnover_so_far
        as decimal(18, 4)
    ) as lifetime_costed_turnover,
    cast(
        coalesce(carried.lifetime_purchase_amount, 0) + running.purchase_amount_so_far
        as decimal(18, 4)
    ) as lifetime_purchase_amount,
    cast(
        coalesce(carried.lifetime_purchase_count, 0) + running.purchase_count_so_far as integer
    ) as lifetime_purchase_count,
    cast(
        coalesce(carried.lifetime_line_count, 0) + running.line_count_so_far as integer
    ) as lifetime_line_count,
    cast(
        coalesce(carried.lifetime_gap_count, 0) + running.gap_count_so_far as integer
    ) as lifetime_gap_count,
    cast(
        coalesce(carried.lifetime_long_gap_count, 0) + running.long_gap_count_so_far as integer
    ) as lifetime_long_gap_count
from running
left join carried on running.customer_id = carried.customer_id
