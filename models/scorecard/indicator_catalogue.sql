select
    indicators.indicator_id,
    indicators.name,
    indicators.description,
    indicators.unit,
    indicators.direction,
    indicators.viewpoint,
    indicators.kind,
    indicators.grain,
    indicators.time_window,
    indicators.owner,
    indicators.purpose,
    indicators.min_n,
    indicators.freshness_days,
    indicators.mart,
    indicators.formula_reference
from {{ ref('indicators') }} as indicators
