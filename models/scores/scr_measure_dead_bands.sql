{#- Grain: one row per month end (newest months), indicator, way to score it and tier. How far the
    measure's scores usually move in a month. -#}
with months as (

    {{ explained_months() }}

),

{% set keys = ['indicator_id', 'scoring', 'tier'] -%}
{{ changes_of_the_year_before(ref('scr_measure_change_counts'), keys) }}

{{ spreads_of_changes(keys) }}

select
    spreads.as_of_date,
    spreads.indicator_id,
    spreads.scoring,
    spreads.tier,
    1.4826 * cast(spreads.middle as double) as usual_change
from spreads
