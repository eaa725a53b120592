{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, profile and tier. How far scores of the tier usually move in a
    month. -#}
with months as (

    {{ run_months() }}

),

{% set keys = ['profile', 'tier'] -%}
{{ changes_of_the_year_before(ref('scr_change_counts'), keys) }}

{{ spreads_of_changes(keys) }}

select
    spreads.as_of_date,
    spreads.profile,
    spreads.tier,
    1.4826 * cast(spreads.middle as double) as usual_change
from spreads
