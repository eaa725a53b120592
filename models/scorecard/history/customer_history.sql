{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- What was true of a customer then: attributes, tier, plan and price as of each month end. -#}
with run_months as (

    {{ run_months() }}

)

select
    attributes.customer_id,
    attributes.as_of_date,
    ind_value.tier,
    attributes.owner_id,
    attributes.region,
    attributes.relationship_type,
    attributes.acquisition_channel,
    attributes.has_marketing_consent,
    attributes.credit_limit,
    mrr_months.plan_product_id,
    mrr_months.quantity as subscribed_quantity,
    mrr_months.plan_unit_price,
    mrr_months.mrr
from {{ ref('int_customer_attribute_months') }} as attributes
inner join run_months
    on
        attributes.as_of_date >= run_months.first_month
        and attributes.as_of_date <= run_months.last_month
left join {{ ref('ind_value') }} as ind_value
    on
        attributes.customer_id = ind_value.customer_id
        and attributes.as_of_date = ind_value.as_of_date
left join {{ ref('int_mrr_months') }} as mrr_months
    on
        attributes.customer_id = mrr_months.customer_id
        and attributes.as_of_date = mrr_months.as_of_date
