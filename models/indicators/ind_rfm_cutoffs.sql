{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and RFM dimension: the cut-offs in force. Learnt at the yearly
    review on the rows known then; before the first review the month's own, marked provisional.
    Cut-offs by month would force 20 % of customers into "worst" every month (handbook C11). A
    review that was held by another basis of value than the month's teaches it nothing. -#}
with run_months as (

    {{ run_months() }}

),

billing as (

    select systems.measured_from
    from {{ ref('stg_control__systems') }} as systems
    where systems.source_system = 'billing'

),

months as (

    {{ months_with_review() }}

),

lessons as (

    select
        months.as_of_date,
        reviews.as_of_date is null as is_provisional,
        coalesce(reviews.as_of_date, months.as_of_date) as learnt_on
    from months
    left join {{ ref('ind_value_basis') }} as value_basis
        on months.as_of_date = value_basis.as_of_date
    left join {{ ref('ind_value_basis') }} as reviews
        on
            months.review_date = reviews.as_of_date
            and value_basis.value_basis = reviews.value_basis

),

lesson_dates as (

    select distinct lessons.learnt_on
    from lessons

),

customers as (

    select
        customer_windows.as_of_date as learnt_on,
        customer_windows.days_since_purchase,
        customer_windows.purchases_12m,
        {{ value_12m('customer_windows', 'value_basis') }} as value_12m
    from {{ ref('int_customer_windows') }} as customer_windows
    inner join lesson_dates on customer_windows.as_of_date = lesson_dates.learnt_on
    left join {{ ref('ind_value_basis') }} as value_basis
        on customer_windows.as_of_date = value_basis.as_of_date
    where customer_windows.last_purchase_date is not null

),

dimensions as (

    select
        customers.learnt_on,
        'recency' as dimension,
        cast(customers.days_since_purchase as decimal(18, 4)) as dimension_value
    from customers
    union all
    select
        customers.learnt_on,
        'frequency' as dimension,
        cast(customers.purchases_12m as decimal(18, 4)) as dimension_value
    from customers
    union all
    select
        customers.learnt_on,
        'monetary' as dimension,
        customers.value_12m as dimension_value
    from customers

),

cutoffs as (

    select
        dimensions.learnt_on,
        dimensions.dimension,
        cast(count(*) as integer) as customer_count,
        percentile_disc(0.2) within group (order by dimensions.dimension_value) as cut_1,
        percentile_disc(0.4) within group (order by dimensions.dimension_value) as cut_2,
        percentile_disc(0.6) within group (order by dimensions.dimension_value) as cut_3,
        percentile_disc(0.8) within group (order by dimensions.dimension_value) as cut_4
    from dimensions
    group by dimensions.learnt_on, dimensions.dimension

)

select
    lessons.as_of_date,
    cutoffs.dimension,
    lessons.learnt_on,
    lessons.is_provisional,
    cutoffs.customer_count,
    cutoffs.cut_1,
    cutoffs.cut_2,
    cutoffs.cut_3,
    cutoffs.cut_4
from lessons
inner join cutoffs on lessons.learnt_on = cutoffs.learnt_on
