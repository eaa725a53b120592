"""Measures of ranking that the estimators share.

Belongs here: AUC, KS, average precision, lift, capture and Gini on weighted outcomes, with ties
by expectation: rows with equal scores count as if they stood in random order, so no result
depends on the order of the rows; the stability of a distribution.
Does not belong here: calibration and gates (`ml.churn`), errors of amounts (`ml.clv`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TieGroups:
    """Rows grouped by equal score, highest score first.

    Attributes:
        weight: Total weight per group.
        outcome: Weighted sum of outcomes per group.
    """

    weight: Array
    outcome: Array


def tie_groups(outcome: Array, score: Array, weight: Array | None = None) -> TieGroups:
    """Group rows of equal score, highest first; an outcome is 0/1 or an amount."""
    weights = np.ones(len(score)) if weight is None else weight
    order = np.lexsort((outcome, -score))
    starts = tie_starts(score[order])
    if len(order) == 0:
        return TieGroups(np.empty(0), np.empty(0))
    return TieGroups(
        weight=np.add.reduceat(weights[order], starts),
        outcome=np.add.reduceat((weights * outcome)[order], starts),
    )


def tie_starts(sorted_score: Array) -> npt.NDArray[np.int64]:
    """Return the first position of every run of equal values in a sorted array."""
    if len(sorted_score) == 0:
        return np.empty(0, dtype=np.int64)
    changed = np.flatnonzero(np.diff(sorted_score) != 0) + 1
    return np.concatenate(([0], changed)).astype(np.int64)


def auc(outcome: Array, score: Array, weight: Array | None = None) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative), ties half.

    Returns:
        NaN where one of the two classes is absent.
    """
    groups = tie_groups(outcome, score, weight)
    negative = groups.weight - groups.outcome
    positives, negatives = groups.outcome.sum(), negative.sum()
    if positives <= 0 or negatives <= 0:
        return float("nan")
    above = np.cumsum(groups.outcome) - groups.outcome / 2
    return float((negative * above).sum() / (positives * negatives))


def average_precision(outcome: Array, score: Array, weight: Array | None = None) -> float:
    """PR-AUC as average precision (the step sum, not the trapezoid, which is optimistic)."""
    groups = tie_groups(outcome, score, weight)
    positives = groups.outcome.sum()
    if positives <= 0:
        return float("nan")
    flagged = np.cumsum(groups.weight)
    precision = np.divide(
        np.cumsum(groups.outcome), flagged, out=np.zeros_like(flagged), where=flagged > 0
    )
    return float((precision * groups.outcome).sum() / positives)


def captured(
    outcome: Array, score: Array, weight: Array | None = None, *, share: float
) -> tuple[float, float]:
    """Outcome found in the top `share` of rows.

    Returns:
        (expected sum of outcomes in the top share, weight of the top share).
    """
    groups = tie_groups(outcome, score, weight)
    total = groups.weight.sum()
    room = np.clip(share * total - (np.cumsum(groups.weight) - groups.weight), 0, groups.weight)
    fraction = np.divide(room, groups.weight, out=np.zeros_like(room), where=groups.weight > 0)
    return float((fraction * groups.outcome).sum()), float(share * total)


def top_lift(
    outcome: Array, score: Array, weight: Array | None = None, *, share: float = 0.1
) -> float:
    """Rate among the top `share` by score, over the rate of all; at most 1/rate."""
    weights = np.ones(len(score)) if weight is None else weight
    positives, total = float((weights * outcome).sum()), float(weights.sum())
    if positives <= 0:
        return float("nan")
    found, flagged = captured(outcome, score, weight, share=share)
    return (found / flagged) / (positives / total)


def gains(
    outcome: Array, score: Array, weight: Array | None = None, *, shares: Sequence[float]
) -> Array:
    """Share of the positives that the top of the rows by score holds, for each share of rows.

    Returns:
        One number per share; all NaN where there is no positive.
    """
    groups = tie_groups(outcome, score, weight)
    positives = groups.outcome.sum()
    if positives <= 0:
        return np.full(len(shares), np.nan)
    flagged = np.append(0.0, np.cumsum(groups.weight)) / groups.weight.sum()
    found = np.append(0.0, np.cumsum(groups.outcome)) / positives
    return np.asarray(np.interp(shares, flagged, found), dtype=np.float64)


def top_capture(outcome: Array, score: Array, *, share: float) -> float:
    """Share of the total outcome that the top `share` of rows by score realises."""
    total = float(np.sort(outcome).sum())
    return captured(outcome, score, share=share)[0] / total if total > 0 else float("nan")


def normalised_gini(outcome: Array, score: Array) -> float:
    """Gini of outcomes ordered by score, over that of outcomes in their own order.

    1 = the order of the score is the order of the outcomes; 0 = no better than chance.
    """
    perfect = _gini(outcome, outcome)
    return _gini(outcome, score) / perfect if perfect > 0 else float("nan")


def _gini(outcome: Array, score: Array) -> float:
    groups = tie_groups(outcome, score)
    total, rows = groups.outcome.sum(), groups.weight.sum()
    if total <= 0:
        return float("nan")
    share = np.cumsum(groups.outcome) / total
    before = share - groups.outcome / total
    return float(((share + before) * groups.weight / rows).sum() - 1)


def kolmogorov_smirnov(outcome: Array, score: Array, weight: Array | None = None) -> float:
    """Greatest distance between the distributions of the score of positives and negatives.

    Returns:
        0 to 1; NaN where one of the two classes is absent.
    """
    groups = tie_groups(outcome, score, weight)
    negative = groups.weight - groups.outcome
    positives, negatives = groups.outcome.sum(), negative.sum()
    if positives <= 0 or negatives <= 0:
        return float("nan")
    gap = np.cumsum(groups.outcome) / positives - np.cumsum(negative) / negatives
    return float(np.abs(gap).max())


def stability_index(expected: Array, found: Array, *, epsilon: float = 1e-6) -> float:
    """Population stability index of two distributions over the same bins, as shares.

    Below 0.10 stable, to 0.25 to be watched, above to be acted on.
    """
    before, after = np.maximum(expected, epsilon), np.maximum(found, epsilon)
    return float(((after - before) * np.log(after / before)).sum())
