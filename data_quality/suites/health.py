"""Rules of the product `customers` about relationships: health, stage, and value below the surface.

Belongs here: the columns of customer_indicators that `ind_relationship`, `ind_stages` and
`ind_iceberg` compute. Not here: alerts and ways between stages (`relationship`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import scores, shares

OWNER = "customer analytics"
INDICATORS = Table("scorecard", "customer_indicators", OWNER, ("customer_id", "as_of_date"))
STAGES = ("explore", "familiar", "trust", "co_create", "exit")
QUADRANTS = ("star", "quiet_payer", "hidden_gem", "low")
COMPLAINERS = ("none", "constructive", "at_risk")
# Below this share of its weights an index is not published (handbook C1).
MIN_COVERAGE = 0.6


def rules() -> tuple[Rule, ...]:
    """List the rules of these columns."""
    return (*_values(), *_health(), *_stages(), *_silence())


def _values() -> tuple[Rule, ...]:
    return (
        *scores(
            INDICATORS,
            "relationship_health",
            "interaction_score",
            "problem_solving_score_6m",
            "emotion_score_12m",
            "explicit_index",
            "implicit_index",
        ),
        *shares(INDICATORS, "submerged_share", "paid_on_time_ratio_12m", "renewal_ratio_24m"),
        INDICATORS.in_set(
            "relationship_stage",
            STAGES,
            says="The relationship stage is one of the four, or exit.",
            because="Each customer is in exactly one; any other has no playbook.",
        ),
        INDICATORS.in_set(
            "iceberg_quadrant",
            QUADRANTS,
            says="The quadrant is star, quiet_payer, hidden_gem or low.",
            because="There are four; any other is treated by nobody.",
        ),
        INDICATORS.in_set(
            "frequent_complainer",
            COMPLAINERS,
            says="A frequent complainer is constructive or at risk; others are none.",
            because="The two are treated in opposite ways.",
        ),
    )


def _health() -> tuple[Rule, ...]:
    return (
        INDICATORS.no_rows(
            "health_is_measured_enough",
            f"""
            select customer_id, as_of_date from scorecard.customer_indicators
            where relationship_health is not null
                and coalesce(relationship_health_coverage, 0) < {MIN_COVERAGE}
            """,
            says="A relationship health index stands where 60 % of its weights are measured.",
            because="One part alone is not the health of a relationship.",
            characteristic="credibility",
            columns=("relationship_health", "relationship_health_coverage"),
        ),
        INDICATORS.no_rows(
            "no_ticket_is_no_perfect_service",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where problem_solving_score_6m is not null
                and coalesce(tickets_created_6m, 0) + coalesce(tickets_resolved_6m, 0) = 0
            """,
            says="A score for solving problems stands only where there was a ticket.",
            because="Who never asked was not served perfectly.",
            characteristic="credibility",
            columns=("problem_solving_score_6m", "tickets_created_6m", "tickets_resolved_6m"),
        ),
        INDICATORS.no_rows(
            "served_below_tier_counts_tickets",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where tickets_served_below_tier_6m > served_below_tier_cases_6m
                or served_below_tier_cases_6m > tickets_created_6m
                or (coalesce(served_below_tier_cases_6m, 0) = 0)
                    <> (tickets_served_below_tier_6m is null)
                or abs(served_below_tier_ratio_6m
                    - tickets_served_below_tier_6m / served_below_tier_cases_6m) > 0.000001
            """,
            says="Tickets served below the tier are counted among those of which both tiers are "
            "known, and only where there are any.",
            because="Where nobody knows, none is no praise.",
            characteristic="consistency",
            columns=(
                "tickets_served_below_tier_6m",
                "served_below_tier_cases_6m",
                "served_below_tier_ratio_6m",
                "tickets_created_6m",
            ),
        ),
        INDICATORS.no_rows(
            "an_open_alert_has_its_day",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where coalesce(is_relationship_alert, false) <> (alert_opened_on is not null)
                or alert_opened_on > as_of_date
            """,
            says="An open alert has the month end on which it opened, and nothing else has.",
            because="Without it nobody knows how long a customer has been waiting.",
            characteristic="consistency",
            columns=("is_relationship_alert", "alert_opened_on"),
        ),
    )


def _stages() -> tuple[Rule, ...]:
    return (
        INDICATORS.no_rows(
            "who_has_left_has_no_stage",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (relationship_stage = 'exit') <> (lifecycle_state = 'lost')
                or (relationship_stage = 'exit') <> (stage_months = 0)
            """,
            says="Who is lost is in no stage, and all others are in one.",
            because="A stage without a customer would keep the wrong playbook running.",
            characteristic="consistency",
            columns=("relationship_stage", "lifecycle_state", "stage_months"),
        ),
    )


def _silence() -> tuple[Rule, ...]:
    return (
        INDICATORS.no_rows(
            "silence_is_of_customers_who_are_active",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (is_silent_loyalist or is_silent_leaver) and not is_active
                or (is_silent_loyalist and tenure_days < 365)
            """,
            says="Silent loyalists and leavers are active; a loyalist has been here for a year.",
            because="Who has left is not silent, and a newcomer has not shown loyalty yet.",
            characteristic="consistency",
            columns=("is_silent_loyalist", "is_silent_leaver", "is_active", "tenure_days"),
        ),
    )
