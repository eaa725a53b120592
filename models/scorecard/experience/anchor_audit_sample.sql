{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    audit_sample.as_of_date,
    audit_sample.anchor_id,
    audit_sample.sample_number,
    audit_sample.occurrence_id,
    audit_sample.ticket_id,
    audit_sample.customer_id,
    audit_sample.occurred_on,
    audit_sample.population_count,
    audit_sample.sample_size
from {{ ref('ind_anchor_audit_sample') }} as audit_sample
inner join run_months
    on
        audit_sample.as_of_date >= run_months.first_month
        and audit_sample.as_of_date <= run_months.last_month
