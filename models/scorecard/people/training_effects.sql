{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    effects.as_of_date,
    effects.training_id,
    effects.cohort_month,
    effects.measure,
    effects.title,
    effects.status,
    effects.evidence,
    effects.completed_count,
    effects.trained_count,
    effects.peer_count,
    effects.trained_left_out_count,
    effects.peer_left_out_count,
    effects.is_low_n,
    {%- for name in [
        'trained_before_ratio', 'trained_after_ratio', 'peer_before_ratio', 'peer_after_ratio',
        'training_effect', 'training_effect_low', 'training_effect_high',
    ] %}
    round(effects.{{ name }}, 6) as {{ name }},
    {%- endfor %}
    effects.verdict
from {{ ref('ind_training_effects') }} as effects
inner join run_months
    on
        effects.as_of_date >= run_months.first_month
        and effects.as_of_date <= run_months.last_month
