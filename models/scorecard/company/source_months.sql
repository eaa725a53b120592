select
    source_months.source_system,
    source_months.as_of_date,
    source_months.is_measured,
    source_months.fact_count
from {{ ref('int_source_months') }} as source_months
