{#- Grain: one row per customer of the sample and month end, of the last months only. Associations
    are measured on these customers (handbook C21): the first by the hash of their key, so that a
    customer stays in the sample from run to run. What they are controlled for is here, too. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

customers as (

    select
        ind_value.customer_id,
        count(*) over () as customer_count,
        row_number() over (
            order by
                md5(concat('{{ var('association_sample_seed') }}|', ind_value.customer_id)),
                ind_value.customer_id
        ) as customer_number
    from {{ ref('ind_value') }} as ind_value
    inner join run_window on ind_value.as_of_date <= run_window.last_month
    where
        ind_value.as_of_date
        > {{ month_end_after('run_window.last_month', -var('association_months')) }}
    group by ind_value.customer_id

)

select
    cast(customers.customer_number as integer) as customer_number,
    customers.customer_id,
    ind_value.as_of_date,
    {{ months_between('run_window.last_month', 'ind_value.as_of_date') }} as month_number,
    ind_value.tier,
    ind_retention.tenure_days,
    cast(customers.customer_count as integer) as customer_count
from customers
inner join {{ ref('ind_value') }} as ind_value
    on customers.customer_id = ind_value.customer_id
inner join run_window on ind_value.as_of_date <= run_window.last_month
left join {{ ref('ind_retention') }} as ind_retention
    on
        ind_value.customer_id = ind_retention.customer_id
        and ind_value.as_of_date = ind_retention.as_of_date
where
    customers.customer_number <= {{ var('association_customers') }}
    and ind_value.as_of_date
    > {{ month_end_after('run_window.last_month', -var('association_months')) }}
