with nodes as (

    select * from {{ ref('scorecard_nodes') }}

),

measures as (

    select
        measures.profile,
        dimensions.node_id as dimension,
        measures.node_id as measure,
        measures.label,
        cast(measures.weight * dimensions.weight as double) as weight,
        indicators.indicator_id is not null as is_available,
        measures.substitutes,
        measures.needs
    from nodes as measures
    inner join nodes as dimensions
        on
            measures.profile = dimensions.profile
            and measures.parent_id = dimensions.node_id
            and dimensions.parent_id is not null
    left join {{ ref('indicators') }} as indicators
        on measures.indicator_id = indicators.indicator_id
    where measures.scoring is not null

),

covered as (

    select
        measures.*,
        sum(case when measures.is_available then cast(measures.weight as decimal(9, 6)) else 0 end)
            over (partition by measures.profile) as profile_coverage
    from measures

)

select
    covered.profile,
    covered.dimension,
    covered.measure,
    covered.label,
    round(covered.weight, 6) as weight,
    covered.is_available,
    covered.substitutes,
    covered.needs,
    cast(covered.profile_coverage as double) as profile_coverage,
    covered.profile_coverage >= {{ var('min_coverage') }} as is_profile_applied
from covered
