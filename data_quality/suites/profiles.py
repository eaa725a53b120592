"""Rules of the product `profiles`: what scorecards are made of, and whether it is fit for that.

Belongs here: the marts measure_checks and config_versions. Not here: the scores and what a profile
lacks (`scorecard`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import keys, no_personal_data, nothing_of_the_future, shares

OWNER = "customer analytics"
CHECKS = Table("scorecard", "measure_checks", OWNER, ("profile", "measure"))
CHANGES = Table(
    "scorecard",
    "config_versions",
    OWNER,
    ("revision", "seed", "row_key", "change", "column_name"),
)
KINDS = ("added", "changed", "renewed", "ended", "edited", "removed")
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
        *_changes(),
    )


def _changes() -> tuple[Rule, ...]:
    return (
        *keys(CHANGES),
        CHANGES.has_rows(
            says="The configuration is listed.",
            because="Without it nobody can tell what the scores were made with.",
        ),
        CHANGES.in_set(
            "change",
            KINDS,
            says="Every change is of a known kind.",
            because="A reader must know whether a row is new, other than before, or gone.",
        ),
        nothing_of_the_future(CHANGES, "known_month"),
        no_personal_data(CHANGES),
        CHANGES.no_rows(
            "what_changed_differs",
            """
            select revision, seed, row_key, column_name from scorecard.config_versions
            where (change in ('changed', 'edited')) <> (column_name <> '*' and change <> 'ended')
                or (
                    change in ('changed', 'edited')
                    and value_before is not distinct from value_after
                )
            """,
            says="A change names its column, and what it held before and holds now differ.",
            because="A change of nothing hides the one that counts.",
            characteristic="consistency",
            columns=("change", "column_name", "value_before", "value_after"),
        ),
        CHANGES.no_rows(
            "what_is_in_force_has_its_month",
            """
            select revision, seed, row_key, in_force_from, in_force_month
            from scorecard.config_versions
            where in_force_month < in_force_from
                or (in_force_month is null) <> (config_version is null)
                or (in_force_month is not null and in_force_from is null)
            """,
            says="What is in force says from which month end on, not before its first day.",
            because="A score is read beside the configuration that made it.",
            characteristic="consistency",
            columns=("in_force_from", "in_force_month", "config_version"),
        ),
        CHANGES.no_rows(
            "every_step_of_the_scores_is_told",
            """
            with steps as (
                select as_of_date, config_version,
                    lag(config_version) over (order by as_of_date) as earlier_version
                from (select distinct as_of_date, config_version from scorecard.customer_scorecard)
            )
            select steps.as_of_date, steps.earlier_version, steps.config_version
            from steps
            where steps.config_version <> steps.earlier_version
                and not exists (
                    select 1 from scorecard.config_versions
                    where config_versions.in_force_month = steps.as_of_date
                )
            """,
            says="Where the scores have another configuration than before, its changes are listed.",
            because="A score that moved because a weight did must lead to who moved it.",
            characteristic="traceability",
            columns=("in_force_month",),
            reads=("scorecard.customer_scorecard",),
        ),
        CHANGES.no_rows(
            "changes_of_trees_and_exceptions_are_explained",
            """
            select revision, seed, row_key from scorecard.config_versions
            where seed in ('scorecard_nodes', 'exceptions', 'overrides') and change <> 'removed'
                and (changed_by is null or reason is null)
            """,
            says="Who changed a tree, an exception or an override says so, and why.",
            because="What nobody answers for cannot be asked about.",
            characteristic="traceability",
            columns=("changed_by", "reason"),
        ),
    )
