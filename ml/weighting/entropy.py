"""Weights from the data: what separates customers weighs more; and their mixture with judgements.

Belongs here: entropy weights of a table of scores, the additive combination with expert weights.
Does not belong here: when they take force (`ml.weighting.in_force`).

Of n customers and a criterion with scores rescaled to [0, 1]: p_i = x_i / sum(x);
e = -sum(p ln p) / ln n is 1 where all are alike; the weight is (1 - e) / sum(1 - e). Scores, not
money: entropy would call the most skewed measure the most telling.

Source: handbook C12; Shannon (1948); the combination is additive, so that an expert's weight is
not wiped out by a criterion in which all customers are alike at the moment, as a product would.
"""

from dataclasses import dataclass

import numpy as np

from ml.errors import EstimatorError
from ml.weighting.ahp import Float

# Keeps the logarithm finite where a rescaled score is 0.
_FLOOR = 1e-9
_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class EntropyWeights:
    """Weights that the spread of scores tells.

    Attributes:
        weights: One per criterion; they sum to 1.
        entropy: e of each criterion; 1 where all customers are alike.
        customers: Rows without an empty score, which alone are used.
    """

    weights: Float
    entropy: Float
    customers: int


def entropy_weights(scores: Float, *, rescale: bool = True) -> EntropyWeights:
    """Weigh criteria by how much they tell customers apart.

    Args:
        scores: One row per customer, one column per criterion, 0 to 100, higher is better; NaN
            where not measured. The order of rows changes nothing, to the last bit.
        rescale: Bring each criterion to [0, 1] by its own least and greatest score first.

    Raises:
        EstimatorError: Fewer than two rows are complete, all criteria are constant, or a score is
            negative where nothing is rescaled.
    """
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise EstimatorError("Entropy weights need at least one criterion.")
    rows = scores[~np.isnan(scores).any(axis=1)]
    count = len(rows)
    if count < 2:
        raise EstimatorError(f"Entropy weights need two customers with all scores; found {count}.")
    entropy = np.array([_entropy(rows[:, column], rescale) for column in range(rows.shape[1])])
    told = 1 - entropy
    if not told.sum() > 0:
        raise EstimatorError("All criteria are constant: entropy cannot tell them apart.")
    return EntropyWeights(told / told.sum(), entropy, count)


def _entropy(scores: Float, rescale: bool) -> float:
    # Sums of many small parts hang on their order, and the order of customers on their keys, which
    # an erasure changes.
    scores = np.sort(scores)
    low, high = float(scores.min()), float(scores.max())
    if low == high:
        return 1.0
    if low < 0 and not rescale:
        raise EstimatorError("Scores that are not rescaled must not be negative.")
    values = (scores - low) / (high - low) + _FLOOR if rescale else scores
    shares = values / values.sum()
    # The limit of p ln p at 0 is 0.
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return min(1.0, float(-(shares * logs).sum() / np.log(len(shares))))


def combine(expert: Float, entropy: Float, *, beta: float = 0.5) -> Float:
    """Mix expert and entropy weights: beta * expert + (1 - beta) * entropy.

    Args:
        expert: Weights that sum to 1: judged (AHP) or set by hand.
        entropy: Weights that sum to 1, of the same criteria.
        beta: Share of the experts, 0 to 1.

    Raises:
        EstimatorError: The lengths differ, a weight is negative, a sum is not 1, or beta is no
            share.
    """
    if not 0 <= beta <= 1:
        raise EstimatorError(f"beta is a share from 0 to 1; it is {beta:g}.")
    if expert.shape != entropy.shape:
        raise EstimatorError(f"{len(expert)} expert weights, but {len(entropy)} of entropy.")
    for name, weights in (("expert", expert), ("entropy", entropy)):
        if not (np.all(weights >= 0) and abs(weights.sum() - 1) <= _SUM_TOLERANCE):
            raise EstimatorError(f"The {name} weights must be at least 0 and sum to 1.")
    mixed = beta * expert + (1 - beta) * entropy
    return np.asarray(mixed / mixed.sum(), dtype=np.float64)
