"""What each seed of the scorecards holds, column by column, as data.

Belongs here: the columns that a rule may rely on, what each may hold, what names a row.
Does not belong here: rules that look at more than one value (`rules`), how dbt stores it
(`dbt_project/seeds/_seeds.yml`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Kind = Literal["text", "identifier", "date", "number", "whole", "flag", "word"]

TIERS: Final = ("A", "B", "C", "D")
PORTFOLIO_TIER: Final = "all"
ALL_PROFILES: Final = "*"
BANDED: Final = (Decimal(0), Decimal(100))


@dataclass(frozen=True)
class Column:
    """What a column may hold.

    Attributes:
        kind: text; identifier (it becomes part of a column's name); date; number; whole number;
            flag (true or false); word (one of `words`).
        is_required: Whether it may not be empty.
        words: The words of a word.
        low: Smallest number.
        high: Largest number.
    """

    kind: Kind = "text"
    is_required: bool = False
    words: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True)
class SeedSpec:
    """What a seed holds.

    Attributes:
        key: Columns that together name a row.
        columns: Columns that must be there, with what they may hold.
        may_be_empty: Whether a seed without rows is meant.
    """

    key: tuple[str, ...]
    columns: Mapping[str, Column]
    may_be_empty: bool = False


def _words(*words: str, is_required: bool = True) -> Column:
    return Column("word", is_required=is_required, words=words)


def _number(low: int | None = None, high: int | None = None, *, is_required: bool = True) -> Column:
    return Column(
        "number",
        is_required=is_required,
        low=None if low is None else Decimal(low),
        high=None if high is None else Decimal(high),
    )


TEXT: Final = Column()
NEEDED: Final = Column(is_required=True)
NAME: Final = Column("identifier", is_required=True)
DAY: Final = Column("date", is_required=True)
END: Final = Column("date")

SEEDS: Final[Mapping[str, SeedSpec]] = {
    "scorecards": SeedSpec(
        key=("profile", "valid_from"),
        columns={
            "profile": NAME,
            "name": NEEDED,
            "name_zh": NEEDED,
            "description": NEEDED,
            "description_zh": NEEDED,
            "kind": _words("health", "value"),
            "subject": _words("customer", "portfolio"),
            "account_rollup": _words("own", "count_weighted", "value_weighted"),
            "trend_months": Column("whole", is_required=True, low=Decimal(1), high=Decimal(12)),
            "dead_band_points": _number(0, 100),
            "dead_band_sigmas": _number(0),
            "beta": _number(0, 1),
            "owner": NEEDED,
            "valid_from": DAY,
            "changed_by": NEEDED,
            "reason": NEEDED,
        },
    ),
    "scorecard_nodes": SeedSpec(
        key=("profile", "node_id", "valid_from"),
        columns={
            "profile": NAME,
            "node_id": NAME,
            "parent_id": TEXT,
            "label": NEEDED,
            "label_zh": NEEDED,
            "indicator_id": TEXT,
            "weight": _number(0, 1),
            "weighting": _words("fixed", "ahp", "entropy", "combined", is_required=False),
            "matrix_id": TEXT,
            "scoring": _words(
                "piecewise", "percentile_portfolio", "percentile_in_tier", is_required=False
            ),
            "is_lever": Column("flag"),
            "trend_months": Column("whole", low=Decimal(1), high=Decimal(12)),
            "dead_band_points": _number(0, 100, is_required=False),
            "substitutes": TEXT,
            "needs": TEXT,
            "valid_from": DAY,
            "valid_until": END,
            "changed_by": NEEDED,
            "reason": NEEDED,
        },
    ),
    "targets": SeedSpec(
        key=("indicator_id", "tier", "valid_from"),
        columns={
            "indicator_id": NEEDED,
            "tier": _words(*TIERS, PORTFOLIO_TIER),
            "valid_from": DAY,
            "floor_value": _number(),
            "target_value": _number(),
            "stretch_value": _number(),
            "changed_by": NEEDED,
            "reason": NEEDED,
        },
    ),
    "bands": SeedSpec(
        key=("profile", "band", "valid_from"),
        columns={
            "profile": NEEDED,
            # The risk bands have these names, too; a contradiction counts the steps between them.
            "band": _words("red", "amber", "green"),
            "lower_bound": _number(0, 100),
            "upper_bound": _number(0, 100),
            "valid_from": DAY,
            "changed_by": NEEDED,
            "reason": NEEDED,
        },
    ),
    "exceptions": SeedSpec(
        key=("exception_id",),
        columns={
            "exception_id": NAME,
            "profile": NEEDED,
            "priority": Column("whole", is_required=True),
            "indicator_id": NEEDED,
            "operator": _words("=", "<>", "<", "<=", ">", ">="),
            "threshold": _number(),
            "effect": _words("cap", "floor", "set_band"),
            "value": NEEDED,
            "reason": NEEDED,
            "reason_zh": NEEDED,
            "valid_from": DAY,
            "valid_until": END,
            "changed_by": NEEDED,
        },
        may_be_empty=True,
    ),
    "overrides": SeedSpec(
        key=("profile", "crm_customer_id", "valid_from"),
        columns={
            "profile": NAME,
            "crm_customer_id": NEEDED,
            "value": _number(0, 100),
            "author": NEEDED,
            "team": NEEDED,
            "reason": NEEDED,
            "valid_from": DAY,
            "valid_until": DAY,
        },
        may_be_empty=True,
    ),
    "segment_strategies": SeedSpec(
        key=("cell",),
        columns={
            "cell": NAME,
            "current": _words("high", "low"),
            "potential": _words("high", "low"),
            "relationship": _words("high", "low"),
            "name": NEEDED,
            "name_zh": NEEDED,
            "strategy": NEEDED,
            "strategy_zh": NEEDED,
            "needs_consent": Column("flag", is_required=True),
        },
    ),
    "cmat_section_weights": SeedSpec(
        key=("section_id",),
        columns={
            "section_id": NAME,
            "place": Column("whole", is_required=True, low=Decimal(1)),
            "name": NEEDED,
            "name_zh": NEEDED,
            "weight": _number(0, 1),
        },
    ),
    "cmat_questionnaire": SeedSpec(
        key=("practice_id", "valid_from"),
        columns={
            "practice_id": NEEDED,
            "section_id": NEEDED,
            "element": NEEDED,
            "element_zh": NEEDED,
            "practice": NEEDED,
            "practice_zh": NEEDED,
            "weight": _number(0),
            "reap": _words(
                "retention", "efficiency", "acquisition", "penetration", is_required=False
            ),
            "evidence_asked": NEEDED,
            "evidence_asked_zh": NEEDED,
            "valid_from": DAY,
            "valid_until": END,
        },
    ),
    "cmat_metric_terms": SeedSpec(
        key=("metric_id",),
        columns={
            "metric_id": NAME,
            "name": NEEDED,
            "name_zh": NEEDED,
            "unit": _words("ratio", "days"),
            "mart": NAME,
        },
    ),
    "cmat_rules": SeedSpec(
        key=("practice_id", "level", "metric_id"),
        columns={
            "practice_id": NEEDED,
            "level": Column("whole", is_required=True, low=Decimal(1), high=Decimal(4)),
            "metric_id": NAME,
            "operator": _words(">=", "<="),
            "threshold": _number(0),
        },
        may_be_empty=True,
    ),
    "cmat_benchmark": SeedSpec(
        key=("figure",),
        columns={
            "benchmark_id": NAME,
            "figure": _words("mean", "best", "worst", "p25", "p50", "p75"),
            "percent": _number(0, 100),
            "source": NEEDED,
        },
        may_be_empty=True,
    ),
}
"""The seeds that are linted, in the order in which their mistakes are told."""

CATALOGUES: Final = ("indicators", "group_measures", "portfolio_marts")
"""Seeds that are looked up; the catalogue's own tests judge them."""
