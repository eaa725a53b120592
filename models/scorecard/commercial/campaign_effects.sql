{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    effects.as_of_date,
    effects.campaign_id,
    effects.experiment_id,
    effects.channel,
    effects.status,
    effects.value_basis,
    effects.treated_count,
    effects.control_count,
    effects.treated_without_consent_count,
    effects.control_without_consent_count,
    effects.pending_count,
    effects.planned_count,
    effects.is_below_plan,
    effects.is_low_n,
    {%- for name in [
        'treated_conversion_ratio', 'treated_conversion_low', 'treated_conversion_high',
        'control_conversion_ratio', 'control_conversion_low', 'control_conversion_high',
        'incremental_conversion', 'incremental_conversion_low', 'incremental_conversion_high',
    ] %}
    round(effects.{{ name }}, 6) as {{ name }},
    {%- endfor %}
    {%- for name in ['incremental_value_per_customer', 'incremental_value'] %}
    {%- for end in ['', '_low', '_high'] %}
    cast(round(effects.{{ name }}{{ end }}, 2) as decimal(18, 2)) as {{ name }}{{ end }},
    {%- endfor %}
    {%- endfor %}
    cast(round(effects.cost_amount, 2) as decimal(18, 2)) as cost_amount,
    {%- for end in ['', '_low', '_high'] %}
    round(effects.incremental_return_ratio{{ end }}, 6) as incremental_return_ratio{{ end }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from {{ ref('ind_campaign_effects') }} as effects
inner join run_months
    on
        effects.as_of_date >= run_months.first_month
        and effects.as_of_date <= run_months.last_month
