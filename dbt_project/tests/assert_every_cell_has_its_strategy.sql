-- Three levels make eight cells, each named by its levels; no more and no fewer.
with levels as (

    select 'high' as level_name
    union all
    select 'low' as level_name

),

cells as (

    select
        concat(current_levels.level_name, '_', potential.level_name, '_', relationship.level_name)
            as cell
    from levels as current_levels
    cross join levels as potential
    cross join levels as relationship

),

listed as (

    select
        strategies.cell,
        concat(strategies.current, '_', strategies.potential, '_', strategies.relationship)
            as levels
    from {{ ref('segment_strategies') }} as strategies

)

select coalesce(cells.cell, listed.cell) as cell
from cells
full outer join listed on cells.cell = listed.cell and cells.cell = listed.levels
where cells.cell is null or listed.cell is null
