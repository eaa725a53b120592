{{ config(materialized='view') }}
{#- Grain: one row per customer and month end. What divides customers into groups that an estimator
    is held to treat alike; no estimator reads it (handbook C25). As the CRM had it that month. -#}
select
    attributes.customer_id,
    attributes.as_of_date,
    attributes.region,
    customers.customer_kind
from {{ ref('int_customer_attribute_months') }} as attributes
inner join {{ ref('int_customers') }} as customers
    on attributes.customer_id = customers.customer_id
