-- Costs are not negative, the share who accept lies above 0 and at most at 1 (it divides), and each
-- tier has its level from the beginning: else customers of a tier would silently never be acted on
-- (C9).
select
    intervention_levels.tier,
    'an impossible figure' as fault
from {{ ref('intervention_levels') }} as intervention_levels
where
    intervention_levels.offer_cost < 0
    or intervention_levels.contact_cost < 0
    or intervention_levels.acceptance_ratio <= 0
    or intervention_levels.acceptance_ratio > 1
    or intervention_levels.working_days < 1
union all
select
    predictions.tier,
    'no level' as fault
from {{ ref('predictions') }} as predictions
where
    predictions.tier is not null
    and (predictions.acts_by_rule or predictions.acts_by_value)
    and predictions.action_level is null
