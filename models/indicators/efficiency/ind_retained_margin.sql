{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and value tier twelve months before: the customers who were active
    then and are now, and the margin of the months between. By the tier at the start, as retention
    is, since who leaves also falls to the lowest tier. -#}
with run_months as (

    {{ run_months() }}

),

at_end as (

    select
        ind_activity.customer_id,
        ind_activity.as_of_date,
        {{ month_end_after('ind_activity.as_of_date', -12) }} as start_date
    from {{ ref('ind_activity') }} as ind_activity
    inner join run_months
        on
            ind_activity.as_of_date >= run_months.first_month
            and ind_activity.as_of_date <= run_months.last_month
    where ind_activity.is_active

)

select
    at_end.as_of_date,
    coalesce(started.tier, 'all') as tier,
    cast(count(*) as integer) as retained_customer_count,
    cast(count(ended.gross_margin_12m) as integer) as retained_margin_count,
    cast(sum(ended.gross_margin_12m) as decimal(18, 4)) as retained_gross_margin_12m
from at_end
inner join {{ ref('ind_activity') }} as at_start
    on at_end.customer_id = at_start.customer_id and at_end.start_date = at_start.as_of_date
inner join {{ ref('ind_value') }} as started
    on at_end.customer_id = started.customer_id and at_end.start_date = started.as_of_date
inner join {{ ref('ind_value') }} as ended
    on at_end.customer_id = ended.customer_id and at_end.as_of_date = ended.as_of_date
where at_start.is_active
group by at_end.as_of_date, rollup(started.tier)
