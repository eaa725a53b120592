"""Which weights are in force from which month end on, by which method, with what proof.

Belongs here: the configured nodes joined with judged matrices and the entropy of yearly reviews,
over time; the rows of `ml.scorecard_weights`.
Does not belong here: the mathematics of a method (`ahp`, `entropy`), weights that the configuration
fixes, which need no computation.

The children of a node get their weights by the node's `weighting`: `ahp` (its matrix), `entropy`
(the scores of the newest yearly review before the month), `combined` (beta x experts + (1 - beta) x
entropy). Experts are the judgements; without any, the weights of the configuration. Without a
review, or with too few customers of whom all children are measured, the experts speak alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from ml.errors import EstimatorError
from ml.frames import conform, require_columns
from ml.weighting.ahp import Float
from ml.weighting.entropy import EntropyWeights, combine, entropy_weights
from ml.weighting.judgements import JudgedMatrix, month_end
from ml.weighting.sensitivity import Scores
from ml.weighting.tree import Node, Tree, roll_up

NODE_COLUMNS: Final = (
    "profile",
    "node_id",
    "parent_id",
    "indicator_id",
    "weight",
    "weighting",
    "matrix_id",
    "scoring",
    "valid_from",
    "valid_until",
)
COMPUTED: Final = ("ahp", "entropy", "combined")

# Scores of one review: month end and the measures that are wanted.
ReadScores = Callable[[date, Sequence[str]], Scores]


class WeightingError(EstimatorError):
    """The configuration of weights and the judgements do not fit; names profile, node, matrix."""


@dataclass(frozen=True)
class WeightingConfig:
    """What weighing depends on beside the scorecard's own configuration.

    Attributes:
        min_customers: Fewest customers with all scores of which entropy is believed.
    """

    min_customers: int = 30


@dataclass(frozen=True)
class _Said:
    """What one source of weights says of the children of a node, in their order."""

    weights: Float | None
    note: str = ""
    matrix: JudgedMatrix | None = None
    entropy: EntropyWeights | None = None
    review: date | None = None


def tree_at(nodes: pd.DataFrame, profile: str, month: date) -> Tree:
    """Give the nodes of a profile that are in force at a month end, with the configured weights.

    Args:
        nodes: The seed `scorecard_nodes` (`NODE_COLUMNS`), in its own order.
        profile: The profile.
        month: Month end.
    """
    return Tree(tuple(_node(row) for row in _rows_at(nodes, profile, month)))


def profiles_at(nodes: pd.DataFrame, month: date) -> tuple[str, ...]:
    """Name the profiles that have nodes in force at a month end, in the order of the frame."""
    return tuple(
        profile for profile in dict.fromkeys(nodes["profile"]) if _rows_at(nodes, profile, month)
    )


def weights_in_force(
    nodes: pd.DataFrame,
    beta: Mapping[str, Mapping[date, float]],
    matrices: Sequence[JudgedMatrix],
    reviews: Sequence[date],
    read_scores: ReadScores,
    *,
    last_month: date,
    config: WeightingConfig | None = None,
) -> pd.DataFrame:
    """Compute every weight that the configuration leaves to a method, from when to when.

    Args:
        nodes: The seed `scorecard_nodes` (`NODE_COLUMNS`).
        beta: Share of the experts in a combination, by profile and first day; before the first of
            them, that one.
        matrices: What was judged (`ml.weighting.judgements.judge`).
        reviews: Month ends of the yearly reviews, whose scores entropy reads; in force after it.
        read_scores: Gives the scores of a review; measures that it does not know are left out.
        last_month: Month end that the run goes to; nothing later takes force.
        config: What weighing depends on.

    Returns:
        `ml.scorecard_weights`: one row per profile, node and date of force. The rows of one parent
        and date sum to 1.

    Raises:
        WeightingError: A matrix in force at the last month compares other criteria than the
            children of the node that names it; all such nodes at once.
    """
    config = config or WeightingConfig()
    require_columns(nodes, NODE_COLUMNS, filled=("profile", "node_id"), name="scorecard_nodes")
    rows: list[dict[str, Any]] = []
    mistakes: list[str] = []
    for profile in dict.fromkeys(nodes["profile"]):
        of_profile = nodes[nodes["profile"] == profile]
        if not of_profile["weighting"].isin(COMPUTED).any():
            continue
        dates = _dates_of_force(of_profile, beta[profile], matrices, reviews, last_month)
        weigher = _Weigher(profile, beta[profile], matrices, reviews, read_scores, config)
        versions = [(day, *weigher.at(of_profile, day)) for day in dates]
        rows += _over_time([(day, found) for day, found, _ in versions])
        mistakes += versions[-1][2] if versions else []
    if mistakes:
        raise WeightingError("\n".join(mistakes))
    return conform(rows, "scorecard_weights")


class _Weigher:
    """The methods of one profile."""

    def __init__(
        self,
        profile: str,
        beta: Mapping[date, float],
        matrices: Sequence[JudgedMatrix],
        reviews: Sequence[date],
        read_scores: ReadScores,
        config: WeightingConfig,
    ) -> None:
        self.profile = profile
        self.beta = beta
        self.matrices = matrices
        self.reviews = reviews
        self.read_scores = read_scores
        self.config = config

    def at(self, nodes: pd.DataFrame, day: date) -> tuple[list[dict[str, Any]], list[str]]:
        """Weigh all nodes as of a month end, the deepest first; list matrices that do not fit.

        The entropy of a node needs the scores of its children, so their weights come before.
        """
        configured = {row.node_id: row for row in _rows_at(nodes, self.profile, day)}
        if not configured:
            return [], []
        tree = Tree(tuple(_node(row) for row in configured.values()))
        review = max((each for each in self.reviews if each < day), default=None)
        rows: list[dict[str, Any]] = []
        mistakes: list[str] = []
        for node in tree.bottom_up():
            row = configured[node.node_id]
            if node.node_id not in tree.children or row.weighting not in COMPUTED:
                continue
            children = tree.children[node.node_id]
            judged = self._judged(row, children, day)
            mistakes += [judged.note] if judged.note else []
            measured = self._measured(row.weighting, tree, children, review)
            weighed = self._weigh(row.weighting, children, judged, measured, self._beta_at(day))
            rows += [{"parent_node_id": node.node_id, **each} for each in weighed]
            tree = tree.weighted({each["node_id"]: each["weight"] for each in weighed})
        return rows, mistakes

    def _beta_at(self, day: date) -> float:
        first = min(self.beta)
        return self.beta[max((each for each in self.beta if each <= day), default=first)]

    def _judged(self, row: Any, children: Sequence[Node], day: date) -> _Said:
        known = [
            each
            for each in self.matrices
            if row.weighting in ("ahp", "combined")
            and each.matrix_id == row.matrix_id
            and each.in_force_from <= day
        ]
        if not known:
            return _Said(None)
        matrix = max(known, key=lambda each: each.in_force_from)
        names = {child.node_id for child in children}
        if set(matrix.criteria) != names:
            return _Said(
                None,
                f"profile {self.profile}, node {row.node_id}: matrix {matrix.matrix_id} compares "
                f"{', '.join(matrix.criteria)}, but the node's children are "
                f"{', '.join(sorted(names))}",
            )
        weights = matrix.weights
        return _Said(np.array([weights[child.node_id] for child in children]), matrix=matrix)

    def _measured(
        self, weighting: str, tree: Tree, children: Sequence[Node], review: date | None
    ) -> _Said:
        if weighting == "ahp":
            return _Said(None)
        if review is None:
            return _Said(None, "no yearly review yet")
        customers = self.read_scores(review, tree.measures)
        found = roll_up(tree, customers.scores, customers.evidence)
        table = np.column_stack([found[child.node_id].score for child in children])
        complete = int((~np.isnan(table).any(axis=1)).sum())
        if complete < self.config.min_customers:
            return _Said(
                None,
                f"all children are measured of {complete} customers only at the review of {review}",
            )
        try:
            entropy = entropy_weights(table)
        except EstimatorError as error:
            return _Said(None, str(error))
        return _Said(entropy.weights, entropy=entropy, review=review)

    def _weigh(
        self,
        weighting: str,
        children: Sequence[Node],
        judged: _Said,
        measured: _Said,
        beta: float,
    ) -> list[dict[str, Any]]:
        configured = np.array([child.weight for child in children])
        expert = configured if judged.weights is None else judged.weights
        expert_method = "fallback_fixed" if judged.weights is None else "ahp"
        if measured.weights is None:
            method, weights = expert_method, expert
        elif weighting == "entropy":
            method, weights = "entropy", measured.weights
        else:
            method, weights = "combined", combine(expert, measured.weights, beta=beta)
        proof = judged.matrix.priorities if judged.matrix else None
        return [
            {
                "profile": self.profile,
                "node_id": child.node_id,
                "weighting": weighting,
                "method": method,
                "weight": float(weights[i]),
                "seed_weight": float(configured[i]),
                "ahp_weight": None if judged.weights is None else float(expert[i]),
                "entropy_weight": None if measured.weights is None else float(measured.weights[i]),
                "entropy": None if measured.entropy is None else float(measured.entropy.entropy[i]),
                "beta": beta if method == "combined" else None,
                "matrix_id": judged.matrix.matrix_id if judged.matrix else None,
                "judged_from": judged.matrix.in_force_from if judged.matrix else None,
                "assessor_count": judged.matrix.assessor_count if judged.matrix else None,
                "lambda_max": proof.lambda_max if proof else None,
                "consistency_ratio": proof.consistency_ratio if proof else None,
                "random_index": proof.random_index if proof else None,
                "review_date": measured.review,
                "n_customers": measured.entropy.customers if measured.entropy else None,
                "note": "; ".join(each for each in (judged.note, measured.note) if each) or None,
            }
            for i, child in enumerate(children)
        ]


def _dates_of_force(
    nodes: pd.DataFrame,
    beta: Mapping[date, float],
    matrices: Sequence[JudgedMatrix],
    reviews: Sequence[date],
    last: date,
) -> list[date]:
    """Give the month ends at which a weight of the profile may change."""
    used = set(nodes["matrix_id"])
    days = {month_end(day) for name in ("valid_from", "valid_until") for day in _days(nodes[name])}
    days |= {month_end(day) for day in beta} if (nodes["weighting"] == "combined").any() else set()
    days |= {each.in_force_from for each in matrices if each.matrix_id in used}
    days |= {month_end(each + pd.Timedelta(days=1)) for each in reviews}
    return sorted(day for day in days if day <= last)


def _over_time(versions: Sequence[tuple[date, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """Give each version of a node's children a row from when to when; what repeats is left out."""
    by_parent: dict[str, list[tuple[date, list[dict[str, Any]]]]] = {}
    for name in dict.fromkeys(row["parent_node_id"] for _, rows in versions for row in rows):
        for day, rows in versions:
            own = [row for row in rows if row["parent_node_id"] == name]
            history = by_parent.setdefault(name, [])
            if not history or history[-1][1] != own:
                history.append((day, own))
    found = []
    for history in by_parent.values():
        ends = [day for day, _ in history[1:]] + [None]
        for (day, own), end in zip(history, ends, strict=True):
            found += [{**row, "in_force_from": day, "in_force_until": end} for row in own]
    return found


def _rows_at(nodes: pd.DataFrame, profile: str, month: date) -> list[Any]:
    """Give the configured rows of a profile that are in force at a month end."""
    rows = nodes[nodes["profile"] == profile]
    return [
        row
        for row in rows.itertuples(index=False)
        if _day(row.valid_from) is not None
        and _day(row.valid_from) <= month  # type: ignore[operator]
        and (_day(row.valid_until) is None or month < _day(row.valid_until))  # type: ignore[operator]
    ]


def _node(row: Any) -> Node:
    measure = f"{row.indicator_id}__{row.scoring}" if _text(row.indicator_id) else None
    return Node(row.node_id, _text(row.parent_id), float(row.weight), measure)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) or value == "" else str(value)


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _days(values: Iterable[Any]) -> list[date]:
    return [day for day in map(_day, values) if day is not None]
