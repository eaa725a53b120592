-- Each tier has its own target of each measure for every month that is judged: none falls back on
-- another tier's or on one for all (C6).
select
    efficiency.as_of_date,
    efficiency.tier
from {{ ref('ind_efficiency') }} as efficiency
where
    efficiency.resolution_hours_target is null
    or efficiency.acquisition_cost_target is null
    or efficiency.first_contact_ratio_target is null
