{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    anchor_audits.as_of_date,
    anchor_audits.anchor_id,
    anchor_audits.audit_count,
    anchor_audits.compared_count,
    anchor_audits.agreed_count,
    round(anchor_audits.agreement_ratio, 6) as agreement_ratio,
    round(anchor_audits.agreement_low, 6) as agreement_low,
    round(anchor_audits.agreement_high, 6) as agreement_high,
    round(anchor_audits.system_met_ratio, 6) as system_met_ratio,
    round(anchor_audits.auditor_met_ratio, 6) as auditor_met_ratio,
    anchor_audits.is_low_n,
    anchor_audits.is_measure_in_doubt
from {{ ref('ind_anchor_audits') }} as anchor_audits
inner join run_months
    on
        anchor_audits.as_of_date >= run_months.first_month
        and anchor_audits.as_of_date <= run_months.last_month
