-- Value, scale, configuration and coverage sum to the change of the computed score, unrounded (C1).
select
    changes.customer_id,
    changes.as_of_date,
    changes.profile
from {{ ref('scr_score_changes') }} as changes
where
    changes.computed_change is null
    or not abs(
        changes.value_change
        + changes.scale_change
        + changes.configuration_change
        + changes.coverage_change
        - changes.computed_change
    ) <= 0.000000001
