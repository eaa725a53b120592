"""What each feature adds to a customer's score, exactly.

Belongs here: contributions of features in log-odds before calibration, for both candidates.
Does not belong here: which of them are told and in what words (`ml.churn.reasons`).

For every row the base value and the contributions of all features sum to the score of the
estimator that scores. Calibration is one monotone curve over that score for all customers, so
what raises the score raises the probability.

**Logistic regression.** Coefficient times (scaled value - training mean of the scaled value),
which is the Shapley value of a linear function whose features are drawn apart. That a value is
missing has a coefficient of its own; it belongs to the feature that is missing.

**Trees.** Path-dependent TreeSHAP (Lundberg et al. 2020): the Shapley value of the game in which a
feature that is not in the coalition sends the row down both branches, by their shares of the
training rows. Which way a row turns at each split decides its whole contribution, and rows that
turn alike at every split of a tree share it; so each distinct pattern is computed once and looked
up, in place of a recursion for each row. Missing values turn as they do in scoring.
"""

from dataclasses import dataclass
from math import factorial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.churn.candidates import Base

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

LINEAR: Final = "linear_log_odds"
TREE_SHAP: Final = "path_dependent_tree_shap"

# Splits whose turns are put into one whole number at a time.
_TURNS_AT_ONCE: Final = 31


@dataclass(frozen=True)
class Contributions:
    """What the features add to the scores of some rows.

    Attributes:
        method: `linear_log_odds` or `path_dependent_tree_shap`.
        base: Log-odds where nothing is known of the customer.
        parts: Rows x features, in log-odds before calibration; 0 for a feature that the
            estimator does not read. `base` and a row sum to `Base.score` of that row.
    """

    method: str
    base: float
    parts: Float


def contributions(base: Base, features: Float) -> Contributions:
    """Take the score of each row apart.

    Args:
        base: The fitted estimator, before calibration.
        features: Rows x features, as given to `Base.score`; NaN where a value is missing.
    """
    chosen = features[:, base.columns]
    with threadpool_limits(limits=1):
        if isinstance(base.estimator, Pipeline):
            method, level, parts = LINEAR, *_linear(base.estimator, chosen)
        else:
            method, level, parts = TREE_SHAP, *_boosted(base.estimator, chosen)
    values = np.zeros(features.shape)
    values[:, base.columns] = parts
    return Contributions(method, level, values)


def _linear(pipeline: Pipeline, chosen: Float) -> tuple[float, Float]:
    """Base value and rows x columns of a scaled logistic regression."""
    if not len(chosen):
        return float(pipeline["regress"].intercept_[0]), np.zeros(chosen.shape)
    # The scaler has put the training mean of every column at 0.
    terms = pipeline[:-1].transform(chosen) * pipeline["regress"].coef_[0]
    parts = terms[:, : chosen.shape[1]].copy()
    missing = pipeline["impute"].indicator_.features_
    parts[:, missing] += terms[:, chosen.shape[1] :]
    return float(pipeline["regress"].intercept_[0]), parts


def _boosted(estimator: Any, chosen: Float) -> tuple[float, Float]:
    """Base value and rows x columns of a sum of trees."""
    level = float(estimator._baseline_prediction.ravel()[0])
    parts = np.zeros(chosen.shape)
    for (predictor,) in estimator._predictors:
        tree = _Tree.of(predictor.nodes)
        level += tree.expectation
        patterns, pattern_of_row = _distinct(tree.turns(chosen))
        found = tree.shapley(patterns)
        parts[:, tree.features] += found[pattern_of_row]
    return level, parts


def _distinct(turns: Bool) -> tuple[Bool, npt.NDArray[np.int64]]:
    """Distinct rows of turns, and which of them each row is."""
    code = np.zeros(len(turns), dtype=np.int64)
    first = np.zeros(min(1, len(turns)), dtype=np.int64)
    for start in range(0, turns.shape[1], _TURNS_AT_ONCE):
        part = turns[:, start : start + _TURNS_AT_ONCE]
        weights = np.left_shift(np.int64(1), np.arange(part.shape[1], dtype=np.int64))
        # The code so far is below the number of rows, so that 31 bits more always fit.
        whole = np.left_shift(code, part.shape[1]) + part.astype(np.int64) @ weights
        _, first, code = np.unique(whole, return_index=True, return_inverse=True)
    return turns[first], code


@dataclass(frozen=True)
class _Leaf:
    """One leaf and the way to it.

    Attributes:
        value: What it adds to the score.
        feature: For each feature on the way, its place among the features of the tree.
        share: For each of them, the share of training rows that its splits let through.
        split: For each split on the way, its place among the splits of the tree.
        is_left: Whether the way turns left there.
        owner: For each split, which feature on the way it asks.
    """

    value: float
    feature: npt.NDArray[np.int64]
    share: Float
    split: npt.NDArray[np.int64]
    is_left: Bool
    owner: npt.NDArray[np.int64]

    def passes(self, turns: Bool) -> Bool:
        """Rows x features on the way: does the row pass all splits that ask the feature?"""
        stays = turns[:, self.split] == self.is_left
        passed = np.ones((len(turns), len(self.feature)), dtype=bool)
        for position, owner in enumerate(self.owner):
            passed[:, owner] &= stays[:, position]
        return passed


@dataclass(frozen=True)
class _Tree:
    """One tree, as far as attribution needs it.

    Attributes:
        nodes: The node array of scikit-learn.
        splits: Its nodes that split.
        features: Columns that it asks, ascending.
        leaves: Its leaves.
    """

    nodes: Any
    splits: npt.NDArray[np.int64]
    features: npt.NDArray[np.int64]
    leaves: tuple[_Leaf, ...]

    @classmethod
    def of(cls, nodes: Any) -> "_Tree":
        """Read the node array of a predictor."""
        splits = np.flatnonzero(nodes["is_leaf"] == 0)
        features = np.unique(nodes["feature_idx"][splits]).astype(np.int64)
        place = {int(node): position for position, node in enumerate(splits)}
        ways: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
        leaves = []
        while ways:
            node, way = ways.pop()
            if node in place:
                ways.append((int(nodes["right"][node]), [*way, (node, False)]))
                ways.append((int(nodes["left"][node]), [*way, (node, True)]))
            else:
                leaves.append(_leaf(nodes, node, way, place, features))
        return cls(nodes, splits, features, tuple(leaves))

    @property
    def expectation(self) -> float:
        """Mean value of the leaves, by their shares of the training rows."""
        return float(sum(leaf.value * np.prod(leaf.share) for leaf in self.leaves))

    def turns(self, chosen: Float) -> Bool:
        """Rows x splits: would the row turn left there?"""
        asked = self.nodes[self.splits]
        values = chosen[:, asked["feature_idx"].astype(np.int64)]
        is_missing = np.isnan(values)
        return np.asarray(
            np.where(is_missing, asked["missing_go_to_left"], values <= asked["num_threshold"]),
            dtype=bool,
        )

    def shapley(self, turns: Bool) -> Float:
        """Patterns x features of the tree: Shapley values."""
        found = np.zeros((len(turns), len(self.features)))
        for leaf in self.leaves:
            ways, way_of_pattern = _distinct(leaf.passes(turns))
            found[:, leaf.feature] += _leaf_shapley(leaf, ways)[way_of_pattern]
        return found


def _leaf(
    nodes: Any,
    node: int,
    way: list[tuple[int, bool]],
    place: dict[int, int],
    features: npt.NDArray[np.int64],
) -> _Leaf:
    asked = [int(nodes["feature_idx"][split]) for split, _ in way]
    distinct = sorted(set(asked))
    share = np.ones(len(distinct))
    for (split, is_left), feature in zip(way, asked, strict=True):
        child = int(nodes["left" if is_left else "right"][split])
        share[distinct.index(feature)] *= nodes["count"][child] / nodes["count"][split]
    return _Leaf(
        value=float(nodes["value"][node]),
        feature=np.searchsorted(features, distinct).astype(np.int64),
        share=share,
        split=np.array([place[split] for split, _ in way], dtype=np.int64),
        is_left=np.array([is_left for _, is_left in way], dtype=bool),
        owner=np.array([distinct.index(feature) for feature in asked], dtype=np.int64),
    )


def _leaf_shapley(leaf: _Leaf, passes: Bool) -> Float:
    """Shapley values of the game "value of the leaf, times the chance to reach it".

    With a coalition S the chance is the product of `passes` over S and of `share` over the rest.
    The sum over all coalitions of one size without j is a coefficient of the polynomial
    product of (share_k + passes_k y), k other than j.
    """
    count = len(leaf.share)
    found = np.zeros(passes.shape)
    weight = np.array(
        [factorial(s) * factorial(count - s - 1) / factorial(count) for s in range(count)]
    )
    for j in range(count):
        sums = np.zeros((len(passes), count))
        sums[:, 0] = 1.0
        for k in (k for k in range(count) if k != j):
            longer = sums * leaf.share[k]
            longer[:, 1:] += sums[:, :-1] * passes[:, [k]]
            sums = longer
        # Term by term: a product of matrices rounds by how many rows there are.
        gain = sum(sums[:, size] * weight[size] for size in range(count))
        found[:, j] = leaf.value * (passes[:, j] - leaf.share[j]) * gain
    return found
