"""Rules of the product `scorecard`: how scores and their changes come about.

Belongs here: the marts customer_scorecard_nodes, customer_scorecard_changes, contradictions, and
what customer_scorecard says of changes, exceptions and overrides. The scores themselves, their
measures and roll-ups are in `suites.scorecard`.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import customer_is_known, keys, month_ends, scores, shares

OWNER = "customer analytics"
SCORECARD = Table(
    "scorecard", "customer_scorecard", OWNER, ("customer_id", "as_of_date", "profile")
)
NODES = Table(
    "scorecard",
    "customer_scorecard_nodes",
    OWNER,
    ("customer_id", "as_of_date", "profile", "node_id"),
)
CHANGES = Table(
    "scorecard",
    "customer_scorecard_changes",
    OWNER,
    ("customer_id", "as_of_date", "profile", "cause"),
)
CONTRADICTIONS = Table(
    "scorecard", "contradictions", OWNER, ("customer_id", "as_of_date", "profile")
)

# Parts are rounded to six decimals; a change has some forty of them.
SUM_TOLERANCE = 1e-4
PARTS = (
    "value_change",
    "scale_change",
    "configuration_change",
    "coverage_change",
    "exception_change",
    "override_change",
)


def rules() -> tuple[Rule, ...]:
    """List the rules of how scores and their changes come about."""
    return (*_steps(), *_parts(), *_trend(), *_causes(), *_nodes(), *_contradictions())


def _steps() -> tuple[Rule, ...]:
    return (
        *scores(SCORECARD, "score_before_exceptions", "score_before_override"),
        SCORECARD.no_rows(
            "score_follows_from_its_steps",
            """
            select customer_id, as_of_date, profile from scorecard.customer_scorecard
            where (exception_id is null
                    and score_before_override is distinct from score_before_exceptions)
                or (not is_overridden and score is distinct from score_before_override)
            """,
            says="Only an exception changes a computed score, and only an override what is left.",
            because="A score that moved without a reason cannot be defended.",
            characteristic="consistency",
            columns=("score", "score_before_override", "score_before_exceptions"),
        ),
        SCORECARD.no_rows(
            "overrides_say_who_why_and_until_when",
            """
            select customer_id, as_of_date, profile from scorecard.customer_scorecard
            where is_overridden and (
                coalesce(override_author, '') = '' or coalesce(override_reason, '') = ''
                or override_until is null or override_until <= as_of_date
                or override_until > as_of_date + interval 90 day
            )
            """,
            says="An override has an author, a reason and an end within 90 days.",
            because="An opinion that nobody owns and that never ends replaces the measurement.",
            characteristic="traceability",
            columns=("override_author", "override_reason", "override_until"),
        ),
    )


def _parts() -> tuple[Rule, ...]:
    total = " + ".join(PARTS)
    counted = " + ".join(f"(score_change is null or {part} is null)::int" for part in PARTS)
    return (
        SCORECARD.no_rows(
            "parts_add_up_to_the_change",
            f"""
            select customer_id, as_of_date, profile from scorecard.customer_scorecard
            where abs(score_change - ({total})) > {SUM_TOLERANCE}
                or (value_change is null and abs(score_change - override_change) > {SUM_TOLERANCE})
            """,
            says="Value, scale, configuration, coverage, exception and override add up to the "
            "change of a score.",
            because="Why a score moved must be told to the last point, or it is not believed.",
            characteristic="accuracy",
            columns=PARTS,
        ),
        SCORECARD.no_rows(
            "changes_of_computed_scores_are_taken_apart",
            f"""
            select customer_id, as_of_date, profile from scorecard.customer_scorecard
            where ({counted}) > 0 and (
                ({counted}) < {len(PARTS)} - 1
                or (score_change is null) <> (override_change is null)
            )
            """,
            says="A change has all of its parts, or that of the override alone where nothing could "
            "be computed.",
            because="Some parts without the others look like the whole.",
            characteristic="completeness",
            columns=PARTS,
        ),
    )


def _trend() -> tuple[Rule, ...]:
    return (
        SCORECARD.no_rows(
            "trend_follows_from_the_change",
            """
            select customer_id, as_of_date, profile from scorecard.customer_scorecard
            where trend is distinct from case
                when score_change is null then 'n/a'
                when abs(score_change) <= dead_band then 'flat'
                when score_change > 0 then 'up'
                else 'down'
            end and coalesce(abs(abs(score_change) - dead_band), 1) > 0.000002
            """,
            says="up and down are beyond the dead band, flat is within, n/a lacks a score.",
            because="A movement no larger than usual is no news.",
            characteristic="consistency",
            columns=("trend", "score_change", "dead_band"),
        ),
    )


def _causes() -> tuple[Rule, ...]:
    return (
        *keys(CHANGES),
        CHANGES.no_rows(
            "causes_add_up_to_the_change",
            f"""
            select card.customer_id, card.as_of_date, card.profile
            from scorecard.customer_scorecard as card
            inner join (
                select min(as_of_date) as first_date from scorecard.customer_scorecard_changes
            ) as explained on card.as_of_date >= explained.first_date
            left join (
                select customer_id, as_of_date, profile, sum(total_change) as total
                from scorecard.customer_scorecard_changes group by customer_id, as_of_date, profile
            ) as causes
                on card.customer_id = causes.customer_id
                and card.as_of_date = causes.as_of_date
                and card.profile = causes.profile
            where card.score_change is not null
                and coalesce(abs(card.score_change - causes.total) > {SUM_TOLERANCE}, true)
            """,
            says="The causes of a change add up to it, for every score of the explained months.",
            because="An account manager is asked which measure it was.",
            characteristic="accuracy",
            columns=("total_change",),
            reads=(SCORECARD.path,),
        ),
    )


def _nodes() -> tuple[Rule, ...]:
    return (
        *keys(NODES),
        *scores(NODES, "score"),
        *shares(NODES, "coverage", "weight", "effective_weight"),
        NODES.no_rows(
            "root_is_the_computed_score",
            f"""
            select nodes.customer_id, nodes.as_of_date, nodes.profile
            from scorecard.customer_scorecard_nodes as nodes
            left join scorecard.customer_scorecard as card
                on nodes.customer_id = card.customer_id
                and nodes.as_of_date = card.as_of_date
                and nodes.profile = card.profile
            where nodes.depth = 0 and (
                (nodes.score is null) <> (card.score_before_exceptions is null)
                or abs(nodes.score - card.score_before_exceptions) > {SUM_TOLERANCE}
            )
            """,
            says="The root of the tree has the computed score.",
            because="Two ways to the same number must meet.",
            characteristic="consistency",
            columns=("score",),
            reads=(SCORECARD.path,),
        ),
    )


def _contradictions() -> tuple[Rule, ...]:
    return (
        *keys(CONTRADICTIONS),
        month_ends(CONTRADICTIONS),
        customer_is_known(CONTRADICTIONS, "customer_id"),
        CONTRADICTIONS.no_rows(
            "every_contradiction_is_listed",
            """
            select
                coalesce(card.customer_id, listed.customer_id) as customer_id,
                coalesce(card.as_of_date, listed.as_of_date) as as_of_date,
                coalesce(card.profile, listed.profile) as profile
            from (
                select customer_id, as_of_date, profile from scorecard.customer_scorecard
                where (band = 'green' and risk_band = 'red')
                    or (band = 'red' and risk_band = 'green')
            ) as card
            full outer join scorecard.contradictions as listed
                on card.customer_id = listed.customer_id
                and card.as_of_date = listed.as_of_date
                and card.profile = listed.profile
            where (card.customer_id is null and listed.customer_id is not null
                    and listed.as_of_date is not null and listed.profile is not null)
                or listed.customer_id is null
            """,
            says="Who is green and likely to leave, or red and likely to stay, is listed; nobody "
            "else is.",
            because="Where health and risk disagree one of them is wrong: that is worth a look.",
            characteristic="completeness",
            columns=("contradiction",),
            reads=(SCORECARD.path,),
        ),
    )
