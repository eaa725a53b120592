{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    agreement.as_of_date,
    agreement.assessment_id,
    agreement.first_assessor,
    agreement.second_assessor,
    agreement.dimension,
    agreement.common_practice_count,
    round(agreement.weighted_kappa, 6) as weighted_kappa,
    round(agreement.mean_difference, 6) as mean_difference,
    round(agreement.mean_difference_low, 6) as mean_difference_low,
    round(agreement.mean_difference_high, 6) as mean_difference_high,
    agreement.is_low_n
from {{ ref('ind_cmat_agreement') }} as agreement
inner join run_months
    on
        agreement.as_of_date >= run_months.first_month
        and agreement.as_of_date <= run_months.last_month
