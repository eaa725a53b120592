"""How much hangs on each weight: the scores again with one weight a fifth higher or lower.

Belongs here: scores under a changed weight, customers that change their band or tenth, the ranking
by TOPSIS beside that by score.
Does not belong here: choosing weights; publication.

Siblings are renormalised. A node's score is a ratio of sums, so that a changed weight w' of child k
moves its parent from A / W to (A + d s_k) / (W + d), d = w' - w (times its evidence), and the root
by that difference times the weight of the parent in the root. Scores are before exceptions and
overrides, which no weight changes, of customers with a published score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from ml.frames import customer_hash
from ml.weighting.ahp import Float
from ml.weighting.topsis import RankComparison, closeness, compare_ranks, deciles, spearman
from ml.weighting.tree import Node, NodeScores, Tree, effective_weight, roll_up


@dataclass(frozen=True)
class SensitivityConfig:
    """How the weights are tried.

    Attributes:
        change: Share by which one weight is raised and lowered.
        min_coverage: Least coverage of a published score.
        decimals: Decimals of a published score, to which bands apply.
        batch_rows: Customers that are computed at once.
        max_ranked: Customers above which rankings are compared on a sample by hash.
        seed: Seed of that hash.
    """

    change: float = 0.2
    min_coverage: float = 0.6
    decimals: int = 6
    batch_rows: int = 50_000
    max_ranked: int = 100_000
    seed: int = 20


@dataclass(frozen=True)
class Scores:
    """Scores of the customers of one month, ordered by customer.

    Attributes:
        customer_id: One per customer.
        scores: By measure, 0 to 100, NaN where not measured.
        evidence: By measure, 0 to 1.
    """

    customer_id: pd.Series
    scores: Mapping[str, Float]
    evidence: Mapping[str, Float]

    def batches(self, rows: int) -> Iterator[tuple[slice, Scores]]:
        """Cut into batches of at most so many rows."""
        for start in range(0, len(self.customer_id), rows):
            cut = slice(start, start + rows)
            yield (
                cut,
                Scores(
                    self.customer_id.iloc[cut],
                    {name: values[cut] for name, values in self.scores.items()},
                    {name: values[cut] for name, values in self.evidence.items()},
                ),
            )


@dataclass(frozen=True)
class WeightTrial:
    """What a changed weight does.

    Attributes:
        node_id: The node whose weight is changed.
        factor: What the weight is multiplied by, before its siblings are renormalised.
        weight: Its weight.
        changed_weight: Its weight after it, among renormalised siblings.
        customers: Customers with a published score.
        band_changed: Of these, who are in another band.
        mean_change: Mean absolute change of the score, in points.
        largest_change: Largest absolute change.
        ranked: Customers whose rankings were compared.
        decile_changed: Of these, who stand in another tenth.
        rank_correlation: Spearman's, NaN where a ranking has one place only.
    """

    node_id: str
    factor: float
    weight: float
    changed_weight: float
    customers: int
    band_changed: int
    mean_change: float
    largest_change: float
    ranked: int
    decile_changed: int
    rank_correlation: float


class _Tally:
    """What one trial adds up to, batch by batch."""

    def __init__(self) -> None:
        self.band_changed = 0
        self.sum_change = 0.0
        self.largest = 0.0
        self.ranked: list[Float] = []


def try_weights(
    tree: Tree,
    customers: Scores,
    bands: Sequence[float],
    *,
    config: SensitivityConfig | None = None,
) -> tuple[WeightTrial, ...]:
    """Raise and lower each weight that has siblings, one at a time.

    Args:
        tree: The scorecard with the weights in force.
        customers: Scores of one month.
        bands: Lower bounds of the bands, ascending.
        config: How the weights are tried.
    """
    config = config or SensitivityConfig()
    sampled = _sampled(customers.customer_id, config)
    trials = [
        (node, factor)
        for node in tree.nodes
        if node.parent_id is not None
        and node.weight > 0
        and sum(other.weight > 0 for other in tree.children[node.parent_id]) > 1
        for factor in (1 - config.change, 1 + config.change)
    ]
    tallies = [_Tally() for _ in trials]
    base_ranked: list[Float] = []
    count = 0
    for cut, batch in customers.batches(config.batch_rows):
        found = roll_up(tree, batch.scores, batch.evidence)
        root = found[tree.root.node_id]
        published = is_published(root, config)
        found = {name: each.take(published) for name, each in found.items()}
        base = found[tree.root.node_id].score
        base_band = _bands(base, bands, config)
        chosen = sampled[cut][published]
        base_ranked.append(np.round(base[chosen], config.decimals))
        count += len(base)
        shares = _shares(tree, found)
        for (node, factor), tally in zip(trials, tallies, strict=True):
            moved = _root_change(tree, node, factor, found, shares)
            score = base + moved
            tally.band_changed += int((_bands(score, bands, config) != base_band).sum())
            np.abs(moved, out=moved)
            tally.sum_change += float(moved.sum())
            tally.largest = max(tally.largest, float(moved.max(initial=0.0)))
            tally.ranked.append(np.round(score[chosen], config.decimals))
    ranks = rankdata(np.concatenate(base_ranked)) if base_ranked else np.empty(0)
    return tuple(
        _trial(tree, node, factor, tally, count, ranks)
        for (node, factor), tally in zip(trials, tallies, strict=True)
    )


def _trial(
    tree: Tree, node: Node, factor: float, tally: _Tally, count: int, ranks: Float
) -> WeightTrial:
    siblings = tree.children[str(node.parent_id)]
    total = sum(each.weight for each in siblings)
    others = rankdata(np.concatenate(tally.ranked)) if tally.ranked else np.empty(0)
    is_ranked = len(ranks) > 1 and np.ptp(ranks) > 0 and np.ptp(others) > 0
    return WeightTrial(
        node_id=node.node_id,
        factor=factor,
        weight=node.weight / total,
        changed_weight=factor * node.weight / (total + (factor - 1) * node.weight),
        customers=count,
        band_changed=tally.band_changed,
        mean_change=tally.sum_change / count if count else float("nan"),
        largest_change=tally.largest if count else float("nan"),
        ranked=len(ranks),
        decile_changed=int((deciles(ranks) != deciles(others)).sum()) if len(ranks) else 0,
        rank_correlation=spearman(ranks, others) if is_ranked else float("nan"),
    )


def _bands(
    score: Float, bounds: Sequence[float], config: SensitivityConfig
) -> npt.NDArray[np.int8]:
    """Number the band of each score as it is published, rounded; bands are half-open."""
    half = 0.5 * 10.0**-config.decimals
    band = np.zeros(len(score), dtype=np.int8)
    for bound in bounds:
        band += score >= bound - half
    return band


def _shares(tree: Tree, found: Mapping[str, NodeScores]) -> dict[str, Float]:
    """Give the effective weight of each node that has children in the whole score."""
    shares = {tree.root.node_id: np.ones(len(found[tree.root.node_id].score))}
    for node in reversed(tuple(tree.bottom_up())):
        if node.parent_id is None or node.node_id not in tree.children:
            continue
        weight = effective_weight(tree, node, found[node.node_id])
        above = found[node.parent_id].available
        own = np.divide(weight, above, out=np.zeros_like(weight), where=above > 0)
        shares[node.node_id] = shares[node.parent_id] * own
    return shares


def _root_change(
    tree: Tree,
    node: Node,
    factor: float,
    found: Mapping[str, NodeScores],
    shares: Mapping[str, Float],
) -> Float:
    """Points by which the root moves when one weight is multiplied."""
    parent = found[str(node.parent_id)]
    added = (factor - 1) * effective_weight(tree, node, found[node.node_id])
    available = parent.available + added
    apart = np.nan_to_num(found[node.node_id].score) - np.nan_to_num(parent.score)
    moved = np.zeros_like(apart)
    # (A + d s) / (W + d) - A / W = d (s - A / W) / (W + d), which is 0 where d is.
    np.divide(added * apart, available, out=moved, where=available > 0)
    moved *= shares[str(node.parent_id)]
    return moved


def compare_with_topsis(
    tree: Tree, customers: Scores, *, config: SensitivityConfig | None = None
) -> RankComparison | None:
    """Rank the customers by TOPSIS over the root's children, and by the weighted sum of the same.

    Only customers with a published score of whom every child of the root is measured: TOPSIS has no
    answer to an empty criterion.

    Args:
        tree: The scorecard with the weights in force.
        customers: Scores of one month.
        config: The least coverage of a published score.

    Returns:
        The comparison; None where the root has one child only, which both rank alike.
    """
    config = config or SensitivityConfig()
    children = tree.children[tree.root.node_id]
    if len(children) < 2:
        return None
    weights = np.array([child.weight for child in children])
    rows = []
    for _, batch in customers.batches(config.batch_rows):
        found = roll_up(tree, batch.scores, batch.evidence)
        table = np.column_stack([found[child.node_id].score for child in children])
        usable = is_published(found[tree.root.node_id], config) & ~np.isnan(table).any(axis=1)
        rows.append(table[usable])
    scores = np.concatenate(rows) if rows else np.empty((0, len(children)))
    total = np.zeros(len(scores))
    # Column by column: a matrix product would add in an order that hangs on the machine.
    for column, weight in enumerate(weights):
        total += weight * scores[:, column]
    near = closeness(scores, weights)
    return compare_ranks(np.round(total, config.decimals), np.round(near, config.decimals + 2))


def is_published(root: NodeScores, config: SensitivityConfig) -> npt.NDArray[np.bool_]:
    """Tell whose score is published; a sum of weights may miss the limit by its last bit."""
    covered = root.coverage >= config.min_coverage - 1e-9
    return np.asarray(covered & ~np.isnan(root.score))


def _sampled(customer_id: pd.Series, config: SensitivityConfig) -> npt.NDArray[np.bool_]:
    """Choose whose rankings are compared: everybody, or those of the least hashes."""
    if len(customer_id) <= config.max_ranked:
        return np.ones(len(customer_id), dtype=bool)
    order = customer_hash(customer_id, seed=config.seed)
    limit = np.partition(order, config.max_ranked - 1)[config.max_ranked - 1]
    return np.asarray(order <= limit)


def trial_rows(
    profile: str, as_of_date: Any, trials: Sequence[WeightTrial], tree: Tree
) -> list[dict[str, Any]]:
    """Give the rows of `ml.weight_sensitivity` of a profile."""
    parents = {node.node_id: node.parent_id for node in tree.nodes}
    return [
        {
            "profile": profile,
            "as_of_date": as_of_date,
            "parent_node_id": parents[each.node_id],
            "node_id": each.node_id,
            "factor": each.factor,
            "weight": each.weight,
            "changed_weight": each.changed_weight,
            "n_customers": each.customers,
            "n_band_changed": each.band_changed,
            "mean_change": each.mean_change,
            "largest_change": each.largest_change,
            "n_ranked": each.ranked,
            "n_decile_changed": each.decile_changed,
            "rank_correlation": each.rank_correlation,
        }
        for each in trials
    ]
