-- The walk from raw lines to the scorecard's revenue leaves no rest.
select
    reconciliation.step,
    reconciliation.line_count,
    reconciliation.amount
from {{ ref('revenue_reconciliation') }} as reconciliation
where
    reconciliation.step = 'unexplained'
    and (reconciliation.line_count <> 0 or reconciliation.amount <> 0)
