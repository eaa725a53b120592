"""Rules of the product `balanced`: the scorecard of the company as a whole.

Belongs here: the marts portfolio_scorecard and portfolio_scorecard_nodes, _measures and
_changes. Not here: the figures that are its measures, which are judged where
they are published, and the customers' scorecards (`scorecard`, `levels`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    BANDS,
    keys,
    month_ends,
    months_are_complete,
    scores,
    shares,
)

OWNER = "customer analytics"
WHOLE = Table("scorecard", "portfolio_scorecard", OWNER, ("as_of_date", "profile"))
NODES = Table("scorecard", "portfolio_scorecard_nodes", OWNER, ("as_of_date", "profile", "node_id"))
MEASURES = Table(
    "scorecard", "portfolio_scorecard_measures", OWNER, ("as_of_date", "profile", "measure")
)
CHANGES = Table(
    "scorecard", "portfolio_scorecard_changes", OWNER, ("as_of_date", "profile", "measure")
)

MIN_COVERAGE = 0.60
# Twenty parts or so, each rounded to six decimals.
SUM_TOLERANCE = 1e-4
PARTS = ("value_change", "scale_change", "configuration_change", "coverage_change")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_whole(), *_nodes(), *_measures(), *_targets(), *_changes())


def _whole() -> tuple[Rule, ...]:
    return (
        *keys(WHOLE),
        month_ends(WHOLE),
        months_are_complete(WHOLE, since_its_first=True),
        *scores(WHOLE, "score"),
        *shares(WHOLE, "coverage"),
        WHOLE.in_set(
            "band",
            BANDS,
            says="The band is one of the three.",
            because="A band that nobody knows cannot be acted on.",
        ),
        WHOLE.no_rows(
            "score_stands_where_enough_is_measured",
            f"""
            select as_of_date, profile from scorecard.portfolio_scorecard
            where (score is not null) <> (coverage >= {MIN_COVERAGE})
                or (status = 'published') <> (score is not null)
                or (band is null) <> (score is null)
            """,
            says="There is a score, and its band, from 60 % coverage on and not below.",
            because="A score of what happens to be measured says more of the gaps than of the "
            "company.",
            characteristic="credibility",
            columns=("score", "coverage", "status", "band"),
        ),
        WHOLE.no_rows(
            "parts_add_up_to_the_change",
            f"""
            select as_of_date, profile from scorecard.portfolio_scorecard
            where abs(score_change - ({" + ".join(PARTS)})) > {SUM_TOLERANCE}
                or abs(score_change - (score - previous_score)) > {SUM_TOLERANCE}
                or (score_change is null) <> (value_change is null)
            """,
            says="The parts of the change of the company's score add up to it.",
            because="A change that its causes do not explain cannot be answered.",
            characteristic="accuracy",
            columns=("score_change", *PARTS),
        ),
        WHOLE.no_rows(
            "trend_follows_from_the_change",
            """
            select as_of_date, profile from scorecard.portfolio_scorecard
            where trend <> case
                when score_change is null then 'n/a'
                when abs(score_change) <= dead_band then 'flat'
                when score_change > 0 then 'up' else 'down'
            end and (score_change is null or abs(abs(score_change) - dead_band) > 0.00001)
            """,
            says="Up and down are said only beyond the dead band.",
            because="An arrow for every wobble is an arrow that nobody reads.",
            characteristic="consistency",
            columns=("trend", "score_change", "dead_band"),
        ),
    )


def _nodes() -> tuple[Rule, ...]:
    return (
        *keys(NODES),
        *scores(NODES, "score"),
        *shares(NODES, "coverage", "weight", "effective_weight"),
        NODES.no_rows(
            "root_is_the_score",
            """
            select nodes.as_of_date, nodes.profile, nodes.node_id
            from scorecard.portfolio_scorecard_nodes as nodes
            left join scorecard.portfolio_scorecard as whole
                on nodes.as_of_date = whole.as_of_date and nodes.profile = whole.profile
            where nodes.depth = 0 and nodes.score is distinct from whole.score
            """,
            says="The top of the tree is the score of the company.",
            because="The same question must have the same answer in every mart.",
            characteristic="consistency",
            columns=("score",),
            reads=(WHOLE.path,),
        ),
    )


def _measures() -> tuple[Rule, ...]:
    return (
        *keys(MEASURES),
        *scores(MEASURES, "score"),
        *shares(MEASURES, "weight", "evidence", "effective_weight"),
        MEASURES.no_rows(
            "contributions_add_up_to_the_score",
            f"""
            select made.as_of_date, made.profile
            from (
                select as_of_date, profile, sum(contribution) as total,
                    sum(effective_weight) as weights, sum(weight) as configured
                from scorecard.portfolio_scorecard_measures group by as_of_date, profile
            ) as made
            left join scorecard.portfolio_scorecard as whole
                on made.as_of_date = whole.as_of_date and made.profile = whole.profile
            where abs(made.total - whole.score) > {SUM_TOLERANCE}
                or abs(made.weights - 1) > {SUM_TOLERANCE}
                or made.configured > 1 + {SUM_TOLERANCE}
                or (made.total is null) <> (whole.score is null)
            """,
            says="The contributions of the measures add up to the score, their weights to one.",
            because="A score that its measures do not explain cannot be acted on.",
            characteristic="accuracy",
            columns=("contribution", "effective_weight"),
            reads=(WHOLE.path,),
        ),
    )


def _targets() -> tuple[Rule, ...]:
    return (
        MEASURES.in_set(
            "target_source",
            ("company", "product"),
            says="The target is the company's or the product's.",
            because="Whoever misses a target wants to know who set it.",
        ),
        MEASURES.no_rows(
            "targets_run_in_one_direction",
            """
            select as_of_date, profile, measure from scorecard.portfolio_scorecard_measures
            where target_value is null or target_source is null or direction is null
                or (direction = 'higher_is_better'
                    and not (floor_value < target_value and target_value < stretch_value))
                or (direction = 'lower_is_better'
                    and not (floor_value > target_value and target_value > stretch_value))
            """,
            says="Every measure has its target, between floor and stretch in its direction.",
            because="A target that a better value misses turns the score around.",
            characteristic="consistency",
            columns=("floor_value", "target_value", "stretch_value", "direction", "target_source"),
        ),
        MEASURES.no_rows(
            "score_says_whether_the_target_is_met",
            """
            select as_of_date, profile, measure from scorecard.portfolio_scorecard_measures
            where (raw_value is null) <> (score is null)
                or (abs(score - 75) > 0.00001 and (score >= 75) <> case direction
                    when 'higher_is_better' then raw_value >= target_value
                    else raw_value <= target_value end)
                or (abs(attainment - 1) > 0.00001 and (score >= 75) <> (attainment >= 1))
            """,
            says="A measure scores 75 or more where the actual value meets the target, and only "
            "there; attainment says the same.",
            because="Two columns that tell a manager different things are worse than one.",
            characteristic="accuracy",
            columns=("score", "raw_value", "target_value", "attainment"),
        ),
    )


def _changes() -> tuple[Rule, ...]:
    return (
        *keys(CHANGES),
        CHANGES.no_rows(
            "measures_add_up_to_the_change",
            f"""
            select made.as_of_date, made.profile
            from (
                select as_of_date, profile, sum(total_change) as total
                from scorecard.portfolio_scorecard_changes group by as_of_date, profile
            ) as made
            left join scorecard.portfolio_scorecard as whole
                on made.as_of_date = whole.as_of_date and made.profile = whole.profile
            where coalesce(abs(made.total - whole.score_change) > {SUM_TOLERANCE}, true)
            """,
            says="What the measures gave to the change of the score adds up to it.",
            because="A change that its causes do not explain cannot be answered.",
            characteristic="accuracy",
            columns=("total_change",),
            reads=(WHOLE.path,),
        ),
        CHANGES.no_rows(
            "parts_add_up",
            f"""
            select as_of_date, profile, measure from scorecard.portfolio_scorecard_changes
            where coalesce(abs(total_change - ({" + ".join(PARTS)})) > {SUM_TOLERANCE}, true)
            """,
            says="The four causes of a measure add up to what it gave.",
            because="Value, target, weight and evidence are answered by different people.",
            characteristic="accuracy",
            columns=("total_change", *PARTS),
        ),
    )
