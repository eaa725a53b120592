with newest as (

    select
        customer_months.customer_id,
        customer_months.first_purchase_date,
        customer_months.last_purchase_date
    from {{ ref('int_customer_months') }} as customer_months
    inner join {{ ref('stg_control__run_window') }} as run_window
        on customer_months.as_of_date = run_window.last_month

)

select
    customers.customer_id,
    customers.crm_customer_id,
    customers.customer_kind,
    customers.organisation_name,
    customers.parent_customer_id,
    customers.account_id,
    customers.has_parent_circle,
    customers.owner_id,
    customers.acquisition_channel,
    customers.industry,
    customers.region,
    customers.country,
    customers.relationship_type,
    customers.has_marketing_consent,
    customers.credit_limit,
    customers.first_seen_date,
    newest.first_purchase_date,
    newest.last_purchase_date,
    customers.is_in_crm,
    customers.is_in_billing,
    customers.is_in_support,
    customers.is_in_survey,
    customers.is_in_usage,
    customers.source_record_count
from {{ ref('int_customers') }} as customers
left join newest on customers.customer_id = newest.customer_id
