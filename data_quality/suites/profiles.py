"""Rules of the product `profiles`: what scorecards are made of, and whether it is fit for that.

Belongs here: the mart measure_checks. Not here: the scores and what a profile lacks (`scorecard`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import keys, shares

OWNER = "customer analytics"
CHECKS = Table("scorecard", "measure_checks", OWNER, ("profile", "measure"))
OBJECTIVES = ("value", "relationship", "service", "experience", "growth")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *keys(CHECKS),
        *shares(CHECKS, "lowest_reached_ratio"),
        CHECKS.in_set(
            "objective",
            OBJECTIVES,
            says="The objective is one of the five of the company.",
            because="A measure that serves something else cannot be weighed against the others.",
        ),
        CHECKS.no_rows(
            "what_is_out_of_reach_names_its_tiers",
            """
            select profile, measure from scorecard.measure_checks
            where is_attainable <> (coalesce(tiers_out_of_reach, '') = '')
                or (is_attainable is null) <> (judged_tiers = 0)
            """,
            says="A target is out of reach where a tier is named, and only there.",
            because="Who is to lower a target must know whose.",
            characteristic="consistency",
            columns=("is_attainable", "tiers_out_of_reach", "judged_tiers"),
        ),
        CHECKS.no_rows(
            "what_is_measured_has_its_age",
            """
            select profile, measure from scorecard.measure_checks
            where is_measurable <> (age_days is not null) or (is_timely is null) = is_measurable
                or age_days < 0
            """,
            says="What is measured has an age and is young enough or not; nothing else has.",
            because="A value without an age passes for one of today.",
            characteristic="completeness",
            columns=("is_measurable", "is_timely", "age_days"),
        ),
        CHECKS.no_rows(
            "targets_are_attainable",
            "select profile, measure from scorecard.measure_checks where not is_attainable",
            says="Each target was reached by 5 % of each tier in some month.",
            because="A target that nobody ever reaches says nothing about who is good.",
            characteristic="credibility",
            severity="warn",
            columns=("is_attainable", "tiers_out_of_reach"),
        ),
        CHECKS.no_rows(
            "measures_serve_an_objective",
            "select profile, measure from scorecard.measure_checks "
            "where is_measurable and not is_relevant",
            says="Each measure serves an objective of the company.",
            because="What serves none takes weight from what does.",
            characteristic="credibility",
            severity="warn",
            columns=("is_relevant", "objective"),
        ),
        CHECKS.no_rows(
            "values_are_young_enough",
            "select profile, measure from scorecard.measure_checks where not is_timely",
            says="No measure is older than the catalogue allows.",
            because="An old value tells of a customer who may be another by now.",
            characteristic="currentness",
            severity="warn",
            columns=("is_timely", "age_days"),
        ),
    )
