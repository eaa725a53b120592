"""A scorecard's tree in memory, and its roll-up: what the weights are tried on.

Belongs here: nodes, their order, score and coverage of each node of many customers at once.
Does not belong here: the published score, which SQL computes (models/scores); this is what entropy,
sensitivity and the comparison of rankings need of it, and a second opinion on it.

Roll-up (handbook C1) over the available children K of a node: score = sum(w s) / sum(w); a measure
that is carried counts with weight x evidence; coverage is the weight that is measured, as a product
down the tree. A node that is hardly covered still counts in its parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ml.errors import EstimatorError
from ml.weighting.ahp import Float


@dataclass(frozen=True)
class Node:
    """One node of a scorecard.

    Attributes:
        node_id: Its name within the profile.
        parent_id: The node that it counts in; None for the root.
        weight: Among its siblings.
        measure: Name of the measure of a leaf (its column of scores); None for a node that has
            children, and for a leaf that cannot be measured.
    """

    node_id: str
    parent_id: str | None
    weight: float
    measure: str | None = None


@dataclass(frozen=True)
class NodeScores:
    """A node of many customers.

    Attributes:
        score: 0 to 100; NaN where nothing below the node is measured.
        available: Sum of the weights of what is available among the children; of a leaf its
            evidence.
        coverage: Share of the weight below the node that is measured.
    """

    score: Float
    available: Float
    coverage: Float

    def take(self, rows: npt.NDArray[np.bool_]) -> NodeScores:
        """Keep some customers."""
        return NodeScores(self.score[rows], self.available[rows], self.coverage[rows])


@dataclass(frozen=True)
class Tree:
    """The nodes of one profile at one date; `nodes` in the order of the configuration."""

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        """Refuse what is no tree, so that nothing below can loop."""
        names = [node.node_id for node in self.nodes]
        if len(set(names)) != len(names):
            raise EstimatorError("A scorecard names a node twice.")
        if sum(node.parent_id is None for node in self.nodes) != 1:
            raise EstimatorError("A scorecard has exactly one root.")
        lost = [node.node_id for node in self.nodes if not self._reaches_the_root(node)]
        if lost:
            raise EstimatorError(f"These nodes do not lead to the root: {', '.join(lost)}.")

    def _reaches_the_root(self, node: Node) -> bool:
        by_name = {each.node_id: each for each in self.nodes}
        for _ in self.nodes:
            if node.parent_id is None:
                return True
            if node.parent_id not in by_name:
                return False
            node = by_name[node.parent_id]
        return node.parent_id is None

    @cached_property
    def root(self) -> Node:
        """The node without a parent."""
        return next(node for node in self.nodes if node.parent_id is None)

    @cached_property
    def children(self) -> Mapping[str, tuple[Node, ...]]:
        """The children of each node that has any, in the order of the configuration."""
        found: dict[str, tuple[Node, ...]] = {}
        for node in self.nodes:
            if node.parent_id is not None:
                found[node.parent_id] = (*found.get(node.parent_id, ()), node)
        return found

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures, each once."""
        return tuple(dict.fromkeys(node.measure for node in self.nodes if node.measure))

    def bottom_up(self) -> Iterable[Node]:
        """Give each node after all its children."""
        waiting, found = [self.root], []
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting += self.children.get(node.node_id, ())
        return reversed(found)

    def measured_weight(self, scores: Mapping[str, Float]) -> float:
        """Give the share of the whole weight whose measures anybody has a score of."""
        whole = {self.root.node_id: 1.0}
        for node in reversed(tuple(self.bottom_up())):
            if node.parent_id is not None:
                whole[node.node_id] = whole[node.parent_id] * node.weight
        return sum(
            whole[node.node_id]
            for node in self.nodes
            if node.measure in scores and not np.isnan(scores[str(node.measure)]).all()
        )

    def weighted(self, weights: Mapping[str, float]) -> Tree:
        """Give the tree with other weights for the nodes that are named."""
        return Tree(
            tuple(
                replace(node, weight=weights.get(node.node_id, node.weight)) for node in self.nodes
            )
        )


def roll_up(
    tree: Tree, scores: Mapping[str, Float], evidence: Mapping[str, Float]
) -> dict[str, NodeScores]:
    """Compute every node of every customer.

    Args:
        tree: The scorecard.
        scores: For each measure the scores 0 to 100, NaN where not measured.
        evidence: For each measure its evidence 0 to 1, the decay of what is carried; a measure
            that is not named has 1 wherever it has a score.
    """
    rows = len(next(iter(scores.values()))) if scores else 0
    found: dict[str, NodeScores] = {}
    for node in tree.bottom_up():
        if node.node_id not in tree.children:
            found[node.node_id] = _leaf(node, scores, evidence, rows)
            continue
        total, available, coverage = np.zeros(rows), np.zeros(rows), np.zeros(rows)
        for child in tree.children[node.node_id]:
            below = found[child.node_id]
            weight = effective_weight(tree, child, below)
            total += weight * np.nan_to_num(below.score)
            available += weight
            coverage += child.weight * below.coverage
        score = np.full(rows, np.nan)
        np.divide(total, available, out=score, where=available > 0)
        found[node.node_id] = NodeScores(score, available, coverage)
    return found


def effective_weight(tree: Tree, node: Node, scores: NodeScores) -> Float:
    """Weight of a node among its available siblings, before it is divided by their sum."""
    if node.node_id in tree.children:
        return np.where(np.isnan(scores.score), 0.0, node.weight)
    return np.asarray(node.weight * scores.available, dtype=np.float64)


def _leaf(
    node: Node, scores: Mapping[str, Float], evidence: Mapping[str, Float], rows: int
) -> NodeScores:
    if node.measure is None or node.measure not in scores:
        return NodeScores(np.full(rows, np.nan), np.zeros(rows), np.zeros(rows))
    score = scores[node.measure]
    known = ~np.isnan(score)
    given = evidence.get(node.measure)
    there = (
        known.astype(np.float64) if given is None else np.where(known, np.nan_to_num(given), 0.0)
    )
    return NodeScores(np.where(there > 0, score, np.nan), there, there)
