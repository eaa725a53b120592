{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    crm_adoption.as_of_date,
    crm_adoption.team_id,
    crm_adoption.staff_count,
    crm_adoption.active_staff_count,
    round(crm_adoption.adoption_ratio, 6) as adoption_ratio,
    round(crm_adoption.adoption_low, 6) as adoption_low,
    round(crm_adoption.adoption_high, 6) as adoption_high,
    crm_adoption.is_adoption_low_n,
    crm_adoption.customer_count,
    round(crm_adoption.completeness_ratio, 6) as completeness_ratio,
    crm_adoption.interaction_count,
    crm_adoption.opportunity_count,
    round(crm_adoption.interactions_per_opportunity, 6) as interactions_per_opportunity,
    crm_adoption.due_card_count,
    round(crm_adoption.card_on_time_ratio, 6) as card_on_time_ratio,
    round(crm_adoption.card_on_time_low, 6) as card_on_time_low,
    round(crm_adoption.card_on_time_high, 6) as card_on_time_high,
    crm_adoption.is_card_on_time_low_n
from {{ ref('ind_crm_adoption') }} as crm_adoption
inner join run_months
    on
        crm_adoption.as_of_date >= run_months.first_month
        and crm_adoption.as_of_date <= run_months.last_month
