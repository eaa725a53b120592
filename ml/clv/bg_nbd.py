"""BG/NBD: buy until you die, with a chance to leave after every repeat purchase.

Belongs here: the estimator under its own name; time is in weeks.
Does not belong here: what it shares with its sibling (`ml.clv.purchases`).

Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284. By construction a customer who
bought once is alive with probability 1, however long ago that was; hence the modified estimator
(`ml.clv.mbg_nbd`) is the default.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.clv import purchases
from ml.clv.purchases import PurchaseParameters
from ml.clv.summary import Summary

Float = npt.NDArray[np.float64]

EXTRA: Final = 0


def parameters(r: float, alpha: float, a: float, b: float) -> PurchaseParameters:
    """Name known parameters, for instance published ones."""
    return PurchaseParameters(r=r, alpha=alpha, a=a, b=b, extra=EXTRA)


def fit(summary: Summary) -> PurchaseParameters:
    """Fit by maximum likelihood.

    Raises:
        FitError: There is no customer with a repeat purchase.
    """
    return purchases.fit_purchases(summary, extra=EXTRA)


def log_likelihood(fitted: PurchaseParameters, summary: Summary) -> float:
    """Log-likelihood of all customers."""
    return purchases.log_likelihood(fitted, summary)


def alive_probability(
    fitted: PurchaseParameters, repeats: Float, recency: Float, age: Float
) -> Float:
    """Probability that a customer with x repeats, t_x and T in weeks is still alive."""
    return purchases.alive_probability(fitted, repeats, recency, age)


def expected_purchases(
    fitted: PurchaseParameters, repeats: Float, recency: Float, age: Float, weeks: Float
) -> Float:
    """Expected purchases in (T, T + weeks], given the history."""
    return purchases.expected_purchases(fitted, repeats, recency, age, weeks)


def expected_purchases_of_new(fitted: PurchaseParameters, weeks: Float) -> Float:
    """Expected repeat purchases in the first `weeks` of a new customer."""
    none = np.zeros_like(weeks)
    return purchases.expected_purchases(fitted, none, none, none, weeks)
