{#- Grain: one row per customer, month end and profile: green then, and gone within six months. -#}
select
    leavers.customer_id,
    leavers.as_of_date,
    leavers.profile,
    leavers.kind,
    leavers.tier,
    leavers.score,
    leavers.coverage,
    leavers.label_kind,
    leavers.churn_date,
    leavers.churn_reason
from {{ ref('scr_leavers') }} as leavers
where leavers.band = 'green'
