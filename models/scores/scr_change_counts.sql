{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, profile, tier and change of a score in one month, to a hundredth
    of a point. Counts can be added over months, medians cannot. -#}
with run_months as (

    {{ run_months() }}

)

select
    scores.as_of_date,
    scores.profile,
    scores.tier,
    cast(round(scores.score - earlier.score, 2) as decimal(9, 2)) as score_change,
    count(*) as customers
from {{ ref('scr_scores') }} as scores
inner join run_months
    on
        scores.as_of_date >= run_months.first_month
        and scores.as_of_date <= run_months.last_month
inner join {{ ref('scr_scores') }} as earlier
    on
        scores.customer_id = earlier.customer_id
        and scores.profile = earlier.profile
        and {{ month_end_after('scores.as_of_date', -1) }} = earlier.as_of_date
where scores.score is not null and earlier.score is not null
group by
    scores.as_of_date,
    scores.profile,
    scores.tier,
    cast(round(scores.score - earlier.score, 2) as decimal(9, 2))
