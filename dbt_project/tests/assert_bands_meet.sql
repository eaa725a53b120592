-- Bands are half-open and meet: each begins where another ends, from 0 to 100.
with versions as (

    select
        bands.profile,
        bands.valid_from,
        bands.band,
        bands.lower_bound,
        lag(bands.upper_bound) over (
            partition by bands.profile, bands.valid_from order by bands.lower_bound
        ) as bound_below,
        max(bands.upper_bound) over (partition by bands.profile, bands.valid_from) as top
    from {{ ref('bands') }} as bands

)

select versions.*
from versions
where coalesce(versions.bound_below, 0) <> versions.lower_bound or versions.top <> 100
