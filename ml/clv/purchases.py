"""What BG/NBD and the modified BG/NBD have in common.

Belongs here: the shared likelihood with its gradient, probability of being alive, and expected
purchases, in terms of the one thing in which the two differ.
Does not belong here: the two estimators' own names and sources (`bg_nbd`, `mbg_nbd`).

Both: while alive a customer buys at random at rate lambda ~ gamma(r, alpha) per week; after a
purchase he leaves for good with probability p ~ beta(a, b). In BG/NBD he can leave only after a
*repeat* purchase, so that who bought once is alive for ever; in the modified one the first
purchase counts as well. With x repeats there are x chances to leave in the first and x + 1 in
the second: `extra` is 0 and 1.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, betaln, digamma, gammaln, hyp2f1

from ml.clv.likelihood import maximise_over_histories
from ml.clv.summary import Summary
from ml.errors import FitError

Float = npt.NDArray[np.float64]

# Different corners: steady and lapsing, frequent and rare.
_STARTS: Final = ((1.0, 5.0, 1.0, 3.0), (0.3, 3.0, 0.5, 1.0), (0.8, 20.0, 0.1, 2.0))
_NEAR_ONE: Final = 1e-6
_NODES: Final = 200
_ROWS_AT_ONCE: Final = 50_000


@dataclass(frozen=True)
class PurchaseParameters:
    """Parameters of a purchase-count estimator, time in weeks.

    Attributes:
        r: Shape of the gamma of purchase rates.
        alpha: Its rate, in weeks.
        a: First parameter of the beta of leaving.
        b: Second one.
        extra: Chances to leave beside those at repeat purchases: 0 BG/NBD, 1 modified.
        log_likelihood: At the maximum; NaN where not fitted here.
        is_converged: Whether the search ended at a flat place.
        is_at_bound: Whether a parameter is not determined by the data.
    """

    r: float
    alpha: float
    a: float
    b: float
    extra: int
    log_likelihood: float = float("nan")
    is_converged: bool = True
    is_at_bound: bool = False

    def to_state(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


def _log_paths(values: Float, extra: int, s: Summary) -> tuple[Float, Float]:
    """Logarithms of: still alive at T; left at the last purchase (-inf where impossible)."""
    r, alpha, a, b = values
    base = betaln(a, b)
    x, place = s.distinct_repeats  # what depends on x alone is computed once per distinct x
    failures = np.where(x + extra > 0, b + x + extra - 1, 1.0)
    stayed = betaln(a, b + x + extra) - base
    went = np.where(x + extra > 0, betaln(a + 1, failures) - base, -np.inf)
    exponent = r + s.repeats
    return (
        stayed[place] - exponent * np.log(alpha + s.age),
        went[place] - exponent * np.log(alpha + s.recency),
    )


def log_likelihood(parameters: PurchaseParameters, s: Summary) -> float:
    """Log-likelihood of all customers."""
    values = np.array([parameters.r, parameters.alpha, parameters.a, parameters.b])
    return _objective(values, parameters.extra, s)[0]


def _objective(values: Float, extra: int, s: Summary) -> tuple[float, Float]:
    """Log-likelihood and its gradient by (r, alpha, a, b)."""
    r, alpha, a, b = values
    exponent, w = r + s.repeats, s.weight
    alive, left = _log_paths(values, extra, s)
    total = np.logaddexp(alive, left)
    stay, go = np.exp(alive - total), np.exp(left - total)
    x, place = s.distinct_repeats
    failures = np.where(x + extra > 0, b + x + extra - 1, 1.0)
    shared = digamma(a + b) - digamma(a + b + x + extra)
    value = (gammaln(r + x) - gammaln(r) + r * np.log(alpha))[place] + total
    by_r = (digamma(r + x) - digamma(r) + np.log(alpha))[place]
    by_r = by_r - stay * np.log(alpha + s.age) - go * np.log(alpha + s.recency)
    by_alpha = r / alpha - exponent * (stay / (alpha + s.age) + go / (alpha + s.recency))
    by_a = stay * digamma(a) + go * digamma(a + 1) + (shared - digamma(a))[place]
    by_b = stay * digamma(b + x + extra)[place] + go * digamma(failures)[place]
    by_b = by_b + (shared - digamma(b))[place]
    gradient = np.array([(w * part).sum() for part in (by_r, by_alpha, by_a, by_b)])
    return float((w * value).sum()), gradient


def fit_purchases(s: Summary, *, extra: int) -> PurchaseParameters:
    """Fit by maximum likelihood.

    Raises:
        FitError: There is no customer with a repeat purchase, or no likelihood is finite.
    """
    if not (s.repeats > 0).any():
        raise FitError("No customer bought twice: purchase rates cannot be learnt.")
    found = maximise_over_histories(lambda v, part: _objective(v, extra, part), _STARTS, s)
    r, alpha, a, b = found.parameters
    return PurchaseParameters(
        r, alpha, a, b, extra, found.log_likelihood, found.is_converged, found.is_at_bound
    )


def alive_probability(
    parameters: PurchaseParameters, repeats: Float, recency: Float, age: Float
) -> Float:
    """Probability that a customer will buy again, ever."""
    values = np.array([parameters.r, parameters.alpha, parameters.a, parameters.b])
    history = Summary(repeats, recency, age, np.ones_like(repeats))
    alive, left = _log_paths(values, parameters.extra, history)
    return np.asarray(1 / (1 + np.exp(left - alive)), dtype=np.float64)


def purchases_if_alive(
    parameters: PurchaseParameters, repeats: Float, age: Float, weeks: Float
) -> Float:
    """Expected purchases in the `weeks` after T of a customer who is alive at T.

    The published formula, after Euler's transformation of the hypergeometric function, which
    takes the purchase count out of the places where it would overflow. For parameters that run
    to an edge it still may not be computable (it then is NaN, never a wrong number): there the
    expectation is integrated over the customers' chances of leaving. Arrays broadcast.
    """
    a = parameters.a
    if abs(a - 1) < _NEAR_ONE:  # 0/0 there; the formula is smooth, so step aside
        a = 1 + _NEAR_ONE
    chances = parameters.b + repeats + parameters.extra
    z = weeks / (parameters.alpha + age + weeks)
    with np.errstate(all="ignore"):
        surviving = (1 - z) ** (a - 1) * hyp2f1(
            a + parameters.b + parameters.extra - 1 - parameters.r, a - 1, a + chances - 1, z
        )
        found = np.asarray((a + chances - 1) / (a - 1) * (1 - surviving), dtype=np.float64)
    gaps = ~np.isfinite(found)
    if gaps.any():
        x, horizon = (np.broadcast_to(part, found.shape)[gaps] for part in (repeats, weeks))
        ratio = horizon / (parameters.alpha + np.broadcast_to(age, found.shape)[gaps])
        found[gaps] = _integrated_purchases(parameters, x, ratio)
    return found


def _integrated_purchases(parameters: PurchaseParameters, repeats: Float, ratio: Float) -> Float:
    """The mean of (1 - (1 + p * ratio)^-(r + x)) / p over p ~ beta(a, b + chances)."""
    place, weight = np.polynomial.legendre.leggauss(_NODES)
    found = np.empty(len(repeats))
    for x in np.unique(repeats):
        rows = np.flatnonzero(repeats == x)
        chances = parameters.b + x + parameters.extra
        leaving = np.maximum(betaincinv(parameters.a, chances, (place + 1) / 2), 1e-300)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            staying = -(parameters.r + x) * np.log1p(ratio[part][:, None] * leaving)
            found[part] = (-np.expm1(staying) / leaving) @ (weight / 2)
    return found


def expected_purchases(
    parameters: PurchaseParameters, repeats: Float, recency: Float, age: Float, weeks: Float
) -> Float:
    """Expected purchases in (T, T + weeks], given the history."""
    alive = alive_probability(parameters, repeats, recency, age)
    return alive * purchases_if_alive(parameters, repeats, age, weeks)
