-- Bands are half-open and meet: each begins where another ends, from 0 to 100.
select
    bands.band,
    bands.lower_bound
from {{ ref('bands') }} as bands
left join {{ ref('bands') }} as lower_bands on bands.lower_bound = lower_bands.upper_bound
where bands.lower_bound <> 0 and lower_bands.band is null
