"""Gamma-Gamma: what a customer's purchases are worth on average.

Belongs here: likelihood, fit and conditional mean of the amount of a purchase.
Does not belong here: how many purchases there will be.

Fader and Hardie (2013), 'The Gamma-Gamma Model of Monetary Value', note 025. A purchase amount is
gamma(p, nu), nu ~ gamma(q, v) over customers, independent of how often they buy: where the two
are correlated the estimator is not valid, and training warns.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from ml.clv.likelihood import maximise
from ml.errors import FitError

Float = npt.NDArray[np.float64]

_STARTS: Final = ((6.0, 4.0, 2.0), (2.0, 2.0, 1.0), (1.0, 10.0, 10.0))
_LEAST_Q: Final = 1.05  # at q <= 1 the population has no mean


@dataclass(frozen=True)
class SpendParameters:
    """Parameters of the amounts.

    Attributes:
        p: Shape of the gamma of a customer's amounts.
        q: Shape of the gamma over customers; the mean exists where q > 1.
        v: Its rate, in units of money.
        log_likelihood: At the maximum; NaN where not fitted here.
        is_converged: Whether the search ended at a flat place.
        is_at_bound: Whether a parameter is not determined by the data, or amounts have so long
            a tail that their mean would not exist.
    """

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    is_converged: bool = True
    is_at_bound: bool = False

    @property
    def population_mean(self) -> float:
        """Expected amount of a customer of whom nothing is known."""
        return self.p * self.v / (self.q - 1)

    def to_state(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


def _objective(values: Float, count: Float, mean: Float) -> tuple[float, Float]:
    """Log-likelihood and gradient by (p, q, v) of mean amounts over `count` purchases."""
    p, q, v = values
    total = count * mean
    spread = np.log(total + v)
    value = (
        gammaln(p * count + q)
        - gammaln(p * count)
        - gammaln(q)
        + q * np.log(v)
        + (p * count - 1) * np.log(mean)
        + p * count * np.log(count)
        - (p * count + q) * spread
    )
    at_sum = digamma(p * count + q)
    by_p = count * (at_sum - digamma(p * count) + np.log(total) - spread)
    by_q = at_sum - digamma(q) + np.log(v) - spread
    by_v = q / v - (p * count + q) / (total + v)
    gradient = np.array([by_p.sum(), by_q.sum(), by_v.sum()])
    return float(value.sum()), gradient


def log_likelihood(fitted: SpendParameters, count: Float, mean: Float) -> float:
    """Log-likelihood of the mean amounts of all customers."""
    return _objective(np.array([fitted.p, fitted.q, fitted.v]), count, mean)[0]


def fit(count: Float, mean: Float) -> SpendParameters:
    """Fit by maximum likelihood to customers with at least one repeat purchase.

    Args:
        count: Purchases behind each mean, > 0.
        mean: Mean amount of these, > 0.

    Raises:
        FitError: No customer, or one without a positive count and amount.
    """
    if len(count) == 0 or not ((count > 0) & (mean > 0)).all():
        raise FitError("Gamma-Gamma needs customers with purchases of positive amounts only.")
    order = np.lexsort((count, mean))
    unit = float(np.sort(mean).mean())  # amounts of any currency look alike to the search
    counts, means = count[order], mean[order] / unit
    found = maximise(lambda v: _objective(v, counts, means), _STARTS, scale=len(counts))
    p, q, v = found.parameters
    is_too_heavy = q < _LEAST_Q
    if is_too_heavy:
        q = _LEAST_Q
        starts = [start[::2] for start in _STARTS]
        found = maximise(lambda w: _held(w, counts, means), starts, scale=len(counts))
        p, v = found.parameters
    return SpendParameters(
        p=p,
        q=q,
        v=v * unit,
        log_likelihood=found.log_likelihood - len(counts) * float(np.log(unit)),
        is_converged=found.is_converged,
        is_at_bound=found.is_at_bound or is_too_heavy,
    )


def _held(values: Float, count: Float, mean: Float) -> tuple[float, Float]:
    """The objective by (p, v) with q held at the least value that has a mean."""
    value, gradient = _objective(np.array([values[0], _LEAST_Q, values[1]]), count, mean)
    return value, gradient[[0, 2]]


def expected_spend(fitted: SpendParameters, count: Float, mean: Float) -> Float:
    """Expected amount of the next purchases: the customer's mean, drawn to that of all.

    Args:
        fitted: Parameters.
        count: Purchases behind the mean; 0 gives the population mean.
        mean: Mean amount; ignored where the count is 0.
    """
    total = np.where(count > 0, count * np.where(count > 0, mean, 0.0), 0.0)
    share = fitted.p * (fitted.v + total) / (fitted.p * count + fitted.q - 1)
    return np.asarray(share, dtype=np.float64)
