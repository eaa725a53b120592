"""TOPSIS, the second opinion on a ranking: how near to the best and far from the worst.

Belongs here: closeness to the ideal, and how a ranking by it differs from the weighted sum.
Does not belong here: the score itself, which is the weighted sum (handbook C1).

Each column is divided by its Euclidean length and weighted; ideal and anti-ideal take the best and
the worst of each column (higher is better); C = d- / (d+ + d-), 0.5 where both distances are 0.

Source: Hwang and Yoon (1981), Multiple Attribute Decision Making; handbook C12.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, rankdata

from ml.errors import EstimatorError
from ml.weighting.ahp import Float


@dataclass(frozen=True)
class RankComparison:
    """How two rankings of the same customers differ.

    Attributes:
        customers: Customers ranked.
        spearman: Rank correlation; NaN where a ranking has one place only.
        kendall: Kendall's tau-b; NaN likewise.
        decile_changed: Customers who stand in another tenth.
    """

    customers: int
    spearman: float
    kendall: float
    decile_changed: int


def closeness(scores: Float, weights: Float) -> Float:
    """Give each row's closeness to the ideal, 0 to 1.

    Args:
        scores: One row per customer, one column per criterion, higher is better, nothing empty.
        weights: One per criterion, summing to 1.

    Raises:
        EstimatorError: A score is empty, or the weights do not fit.
    """
    if scores.ndim != 2 or scores.shape[1] != len(weights):
        raise EstimatorError(f"{len(weights)} weights do not fit scores of shape {scores.shape}.")
    if np.isnan(scores).any():
        raise EstimatorError("TOPSIS needs complete rows; leave out those with an empty score.")
    if not len(scores):
        return np.empty(0)
    length = np.sqrt((scores**2).sum(axis=0))
    # A column of zeros tells nobody apart.
    weighted = scores / np.where(length > 0, length, 1.0) * weights
    to_best = np.sqrt(((weighted - weighted.max(axis=0)) ** 2).sum(axis=1))
    to_worst = np.sqrt(((weighted - weighted.min(axis=0)) ** 2).sum(axis=1))
    both = to_best + to_worst
    return np.where(both > 0, to_worst / np.where(both > 0, both, 1.0), 0.5)


def compare_ranks(one: Float, other: Float) -> RankComparison:
    """Compare two scores of the same customers by the ranks that they give; equal scores share one.

    Args:
        one: A score per customer.
        other: Another of the same customers, in the same order.
    """
    ranks, others = rankdata(one), rankdata(other)
    changed = int((deciles(ranks) != deciles(others)).sum())
    if len(one) < 2 or np.ptp(ranks) == 0 or np.ptp(others) == 0:
        return RankComparison(len(one), float("nan"), float("nan"), changed)
    tau = float(kendalltau(ranks, others).statistic)
    return RankComparison(len(one), spearman(ranks, others), tau, changed)


def spearman(ranks: Float, others: Float) -> float:
    """Correlate two rankings, of which neither is constant."""
    x, y = ranks - ranks.mean(), others - others.mean()
    return float((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum()))


def deciles(ranks: Float) -> Float:
    """Give the tenth, 0 to 9, in which each average rank lies; equal ranks share a tenth."""
    return np.floor((ranks - 0.5) * 10 / len(ranks))
