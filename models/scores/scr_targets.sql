with versions as (

    select
        months.as_of_date,
        targets.tier,
        targets.indicator_id,
        targets.floor_value,
        targets.target_value,
        targets.stretch_value,
        row_number() over (
            partition by months.as_of_date, targets.tier, targets.indicator_id
            order by targets.valid_from desc
        ) as newest_rank
    from {{ ref('int_months') }} as months
    inner join {{ ref('targets') }} as targets on months.as_of_date >= targets.valid_from

)

select
    versions.as_of_date,
    versions.tier,
    versions.indicator_id,
    cast(versions.floor_value as double) as floor_value,
    cast(versions.target_value as double) as target_value,
    cast(versions.stretch_value as double) as stretch_value
from versions
where versions.newest_rank = 1
