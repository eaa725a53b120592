"""Rules of the product `efficiency`: what winning and serving customers costs.

Belongs here: the marts acquisition_cost, efficiency_by_tier. Not here: the cost to serve and the
margin of single customers (`customers`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    PENNY,
    TOLERANCE,
    few_cases_are_flagged,
    keys,
    month_ends,
    not_negative,
    scores,
    shares,
)

OWNER = "finance"
ACQUISITION = Table(
    "scorecard", "acquisition_cost", OWNER, ("as_of_date", "period_months", "channel", "tier")
)
EFFICIENCY = Table(
    "scorecard", "efficiency_by_tier", OWNER, ("as_of_date", "period_months", "tier")
)
# Each stands as `<measure>` beside `<measure>_target` and `<measure>_score`.
LOWER_IS_BETTER = ("resolution_hours", "acquisition_cost")
HIGHER_IS_BETTER = ("first_contact_ratio",)


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_acquisition(), *_efficiency())


def _acquisition() -> tuple[Rule, ...]:
    names = ", ".join(ACQUISITION.keys)
    return (
        *keys(ACQUISITION),
        month_ends(ACQUISITION),
        not_negative(ACQUISITION, "lag_months", "measured_months", "new_customer_count"),
        few_cases_are_flagged(ACQUISITION, "is_low_n", "new_customer_count"),
        ACQUISITION.no_rows(
            "nobody_won_no_cost_of_one",
            f"""
            select {names} from scorecard.acquisition_cost
            where (new_customer_count = 0) <> (acquisition_cost_per_customer is null)
                or payback_months <= 0
            """,
            says="A cost of winning one customer stands where one was won, and nowhere else.",
            because="Money that won nobody is not a low cost of winning, and what cost nothing has "
            "nothing to pay back.",
            characteristic="credibility",
            columns=("acquisition_cost_per_customer", "new_customer_count", "payback_months"),
        ),
        ACQUISITION.no_rows(
            "kinds_of_cost_add_up",
            f"""
            select {names} from scorecard.acquisition_cost
            where abs(media_cost + pay_cost + other_cost - acquisition_cost) > 3 * {PENNY}
            """,
            says="Media, pay and other cost are together the cost of acquisition.",
            because="A kind that is left out makes customers look cheap.",
            characteristic="consistency",
            columns=("media_cost", "pay_cost", "other_cost", "acquisition_cost"),
        ),
        ACQUISITION.no_rows(
            "parts_add_up_to_all",
            f"""
            select as_of_date, period_months, 'all' as channel, 'all' as tier
            from scorecard.acquisition_cost
            group by as_of_date, period_months
            having abs(
                    coalesce(sum(acquisition_cost) filter (channel <> 'all' and tier <> 'all'), 0)
                    - coalesce(sum(acquisition_cost) filter (channel = 'all' and tier = 'all'), 0)
                ) > count(*) * {PENNY}
                or sum(new_customer_count) filter (channel <> 'all' and tier <> 'all')
                is distinct from sum(new_customer_count) filter (channel = 'all' and tier = 'all')
            """,
            says="Channels and tiers, with what belongs to none, are together all.",
            because="Cost that is lost when it is spread is missing from what customers cost.",
            characteristic="completeness",
            columns=("acquisition_cost", "new_customer_count"),
        ),
    )


def _efficiency() -> tuple[Rule, ...]:
    names = ", ".join(EFFICIENCY.keys)
    measures = (*LOWER_IS_BETTER, *HIGHER_IS_BETTER)
    attained = "\n or ".join(
        [
            f"({name} <= {name}_target) <> ({name}_score >= 75 - {TOLERANCE})"
            for name in LOWER_IS_BETTER
        ]
        + [
            f"({name} >= {name}_target) <> ({name}_score >= 75 - {TOLERANCE})"
            for name in HIGHER_IS_BETTER
        ]
    )
    missing = " or ".join(f"{name}_target is null" for name in measures)
    score_columns = tuple(f"{name}_score" for name in measures)
    lowest, highest = (f"{pick}({', '.join(score_columns)})" for pick in ("least", "greatest"))
    return (
        *keys(EFFICIENCY),
        month_ends(EFFICIENCY),
        *scores(EFFICIENCY, "efficiency_score", *score_columns),
        *shares(EFFICIENCY, "coverage", "first_contact_ratio"),
        not_negative(
            EFFICIENCY,
            "resolution_hours",
            "resolved_count",
            "first_contact_cases",
            "first_contact_pending_count",
            "costed_ticket_count",
            "retained_customer_count",
        ),
        EFFICIENCY.no_rows(
            "every_tier_has_its_targets",
            f"select {names} from scorecard.efficiency_by_tier where {missing}",
            says="Each tier has its own target of each measure.",
            because="One target for all would judge every tier by what suits another.",
            characteristic="completeness",
            columns=tuple(f"{name}_target" for name in measures),
        ),
        EFFICIENCY.no_rows(
            "a_target_that_is_met_scores_75",
            f"""
            select {names} from scorecard.efficiency_by_tier
            where {attained}
            """,
            says="Who meets the target scores at least 75, and who misses it scores less.",
            because="A score whose direction is turned round praises the slow and the dear.",
            characteristic="accuracy",
            columns=(*measures, *score_columns),
        ),
        EFFICIENCY.no_rows(
            "score_lies_among_its_measures",
            f"""
            select {names} from scorecard.efficiency_by_tier
            where efficiency_score < {lowest} - {TOLERANCE}
                or efficiency_score > {highest} + {TOLERANCE}
                or (efficiency_score is not null and measure_count = 0)
            """,
            says="The score of a tier lies between the lowest and the highest of its measures.",
            because="It is their weighted mean; outside, the weights are wrong.",
            characteristic="consistency",
            columns=("efficiency_score", *score_columns, "measure_count"),
        ),
    )
