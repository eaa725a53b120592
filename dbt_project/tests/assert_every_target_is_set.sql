-- A piecewise measure needs a target for every tier; there is no fallback to a global one (C6).
with tiers as (

    select 'A' as tier
    union all
    select 'B' as tier
    union all
    select 'C' as tier
    union all
    select 'D' as tier

),

needed as (

    select
        nodes.indicator_id,
        tiers.tier
    from {{ ref('scorecard_nodes') }} as nodes
    inner join {{ ref('indicators') }} as indicators
        on nodes.indicator_id = indicators.indicator_id
    cross join tiers
    where nodes.scoring = 'piecewise'
    union all
    select
        nodes.indicator_id,
        'all' as tier
    from {{ ref('scorecard_nodes') }} as nodes
    inner join {{ ref('group_measures') }} as measures
        on nodes.indicator_id = concat(measures.mart, '.', measures.indicator_id)

)

select distinct
    needed.indicator_id,
    needed.tier
from needed
left join {{ ref('targets') }} as targets
    on needed.indicator_id = targets.indicator_id and needed.tier = targets.tier
where targets.indicator_id is null
