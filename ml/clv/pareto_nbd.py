"""Pareto/NBD: buy at random until a moment, unseen and at any time, at which one leaves.

Belongs here: likelihood with its gradient, fit, probability of being alive and expected purchases;
time is in weeks.
Does not belong here: BG/NBD and its modified form, which leave at purchases (`ml.clv.purchases`).

Schmittlein, Morrison and Colombo (1987), Management Science 33(1), 1-24; Fader and Hardie (2005),
'A Note on Deriving the Pareto/NBD Model'. While alive a customer buys at rate
lambda ~ gamma(r, alpha) and leaves at rate mu ~ gamma(s, beta), both per week.

The published likelihood is a difference of two hypergeometric functions, with one pair for
alpha >= beta and another for alpha < beta; it cancels where t_x is close to T and overflows for
many purchases. What they stand for is an integral over the moment of leaving,

    int_{t_x}^{T} (alpha + u)^-(r + x) (beta + u)^-(s + 1) du,

which has a positive, log-concave integrand. It is computed here in logarithms, by Gauss's rule on
the stretch that matters; its gradient is the same rule applied to the derivatives, so it is exact
for what is computed. The tests hold it against both published forms.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from ml.clv.likelihood import maximise_over_histories
from ml.clv.summary import Summary
from ml.errors import FitError

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

_STARTS: Final = ((1.0, 10.0, 1.0, 10.0), (0.5, 5.0, 0.3, 20.0), (0.8, 20.0, 2.0, 60.0))
_FAR_DOWN: Final = 36.0  # e^-36 is below what a double adds to 1
_HALVINGS: Final = 12
_SHORT_DROP: Final = 6.0
_SHORT_STRETCH: Final = 1.5
_SHORT_RULE: Final = np.polynomial.legendre.leggauss(14)
_LONG_RULE: Final = np.polynomial.legendre.leggauss(40)
_ROWS_AT_ONCE: Final = 20_000


@dataclass(frozen=True)
class ParetoParameters:
    """Parameters of Pareto/NBD, time in weeks.

    Attributes:
        r: Shape of the gamma of purchase rates.
        alpha: Its rate, in weeks.
        s: Shape of the gamma of rates of leaving.
        beta: Its rate, in weeks.
        log_likelihood: At the maximum; NaN where not fitted here.
        is_converged: Whether the search ended at a flat place.
        is_at_bound: Whether a parameter is not determined by the data.
    """

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float = float("nan")
    is_converged: bool = True
    is_at_bound: bool = False

    @property
    def values(self) -> Float:
        """The four parameters."""
        return np.array([self.r, self.alpha, self.s, self.beta])

    def to_state(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


@dataclass(frozen=True)
class _Leaving:
    """The integral over the moment of leaving, per history.

    Attributes:
        log_integral: Its logarithm; -inf where t_x = T.
        means: Columns: the integrand's means of log(alpha + u), 1 / (alpha + u), log(beta + u)
            and 1 / (beta + u).
    """

    log_integral: Float
    means: Float


def _log_integrand(values: Float, x: Float, base: Float, y: Float) -> tuple[Float, Float, Float]:
    """Logarithms of the integrand in y, of alpha + u and of beta + u.

    The moment of leaving is u = base e^y - min(alpha, beta), so that y is near where u matters.
    """
    r, alpha, s, beta = values
    moved = base * np.exp(y)
    least = min(alpha, beta)
    log_buying, log_leaving = np.log(moved + (alpha - least)), np.log(moved + (beta - least))
    return np.log(base) + y - (r + x) * log_buying - (s + 1) * log_leaving, log_buying, log_leaving


def _leaving(values: Float, history: Summary) -> _Leaving:
    """Integrate over the moment of leaving, short stretches by the shorter rule."""
    least = min(values[1], values[3])
    base = least + history.recency
    end = np.log1p((history.age - history.recency) / base)
    first = _log_integrand(values, history.repeats, base, np.zeros_like(base))[0]
    last = _log_integrand(values, history.repeats, base, end)[0]
    # Log-concave: what lies `_FAR_DOWN` below the beginning adds nothing, nor does what follows.
    for _ in range(_HALVINGS):
        far = np.flatnonzero(first - last > 2 * _FAR_DOWN)
        if not len(far):
            break
        middle = _log_integrand(values, history.repeats[far], base[far], end[far] / 2)[0]
        cut = first[far] - middle > _FAR_DOWN
        if not cut.any():
            break
        end[far[cut]] /= 2
        last[far[cut]] = middle[cut]
    is_short = (np.abs(first - last) < _SHORT_DROP) & (end < _SHORT_STRETCH)
    found = _Leaving(np.full(len(base), -np.inf), np.zeros((len(base), 4)))
    for rows, rule in ((is_short, _SHORT_RULE), (~is_short, _LONG_RULE)):
        chosen = np.flatnonzero(rows & (end > 0))
        for start in range(0, len(chosen), _ROWS_AT_ONCE):
            part = chosen[start : start + _ROWS_AT_ONCE]
            _integrate(values, history.repeats[part], base[part], end[part], rule, found, part)
    return found


def _integrate(
    values: Float,
    x: Float,
    base: Float,
    end: Float,
    rule: tuple[Float, Float],
    found: _Leaving,
    rows: npt.NDArray[np.int64],
) -> None:
    """Fill the rows of `found` by one rule."""
    place, weight = rule
    y = end[:, None] * ((place + 1) / 2)
    log_value, log_buying, log_leaving = _log_integrand(values, x[:, None], base[:, None], y)
    highest = log_value.max(axis=1)
    mass = np.exp(log_value - highest[:, None]) * weight
    total = mass.sum(axis=1)
    found.log_integral[rows] = highest + np.log(total * end / 2)
    parts = (log_buying, np.exp(-log_buying), log_leaving, np.exp(-log_leaving))
    for column, part in enumerate(parts):
        found.means[rows, column] = (mass * part).sum(axis=1) / total


def _log_paths(values: Float, s: Summary, leaving: _Leaving) -> tuple[Float, Float]:
    """Logarithms of: still alive at T; left between t_x and T (-inf where there is no time)."""
    r, alpha, shape, beta = values
    alive = -(r + s.repeats) * np.log(alpha + s.age) - shape * np.log(beta + s.age)
    return alive, np.log(shape) + leaving.log_integral


def _objective(values: Float, s: Summary) -> tuple[float, Float]:
    """Log-likelihood and its gradient by (r, alpha, s, beta)."""
    r, alpha, shape, beta = values
    x, w = s.repeats, s.weight
    leaving = _leaving(values, s)
    alive, left = _log_paths(values, s, leaving)
    total = np.logaddexp(alive, left)
    stay, go = np.exp(alive - total), np.exp(left - total)
    log_buying, per_buying, log_leaving, per_leaving = leaving.means.T
    base = r * np.log(alpha) + shape * np.log(beta)
    value = gammaln(r + x) - gammaln(r) + base + total
    by_r = digamma(r + x) - digamma(r) + np.log(alpha)
    by_r = by_r - stay * np.log(alpha + s.age) - go * log_buying
    by_alpha = r / alpha - (r + x) * (stay / (alpha + s.age) + go * per_buying)
    by_s = np.log(beta) - stay * np.log(beta + s.age) + go * (1 / shape - log_leaving)
    by_beta = shape / beta - stay * shape / (beta + s.age) - go * (shape + 1) * per_leaving
    gradient = np.array([(w * part).sum() for part in (by_r, by_alpha, by_s, by_beta)])
    return float((w * value).sum()), gradient


def log_likelihood(parameters: ParetoParameters, s: Summary) -> float:
    """Log-likelihood of all customers."""
    return _objective(parameters.values, s)[0]


def fit(s: Summary) -> ParetoParameters:
    """Fit by maximum likelihood.

    Raises:
        FitError: There is no customer with a repeat purchase, or no likelihood is finite.
    """
    if not (s.repeats > 0).any():
        raise FitError("No customer bought twice: purchase rates cannot be learnt.")
    found = maximise_over_histories(_objective, _STARTS, s)
    r, alpha, shape, beta = found.parameters
    return ParetoParameters(
        r, alpha, shape, beta, found.log_likelihood, found.is_converged, found.is_at_bound
    )


def alive_probability(
    parameters: ParetoParameters, repeats: Float, recency: Float, age: Float
) -> Float:
    """Probability that a customer has not left at T."""
    history = Summary(repeats, recency, age, np.ones_like(repeats))
    values = parameters.values
    alive, left = _log_paths(values, history, _leaving(values, history))
    return np.asarray(1 / (1 + np.exp(left - alive)), dtype=np.float64)


def purchases_if_alive(
    parameters: ParetoParameters, repeats: Float, age: Float, weeks: Float
) -> Float:
    """Expected purchases in the `weeks` after T of a customer who is alive at T.

    Who is alive has lambda ~ gamma(r + x, alpha + T) and mu ~ gamma(s, beta + T), independent, and
    the expected time that he stays is the mean of (1 - e^(-mu weeks)) / mu. Arrays broadcast.
    """
    waited = parameters.beta + age
    power = 1 - parameters.s
    stretch = np.log1p(weeks / waited)
    # (e^(power * stretch) - 1) / power, which is the stretch itself where s = 1.
    staying = waited * (stretch if power == 0 else np.expm1(power * stretch) / power)
    return np.asarray((parameters.r + repeats) / (parameters.alpha + age) * staying)


def expected_purchases(
    parameters: ParetoParameters, repeats: Float, recency: Float, age: Float, weeks: Float
) -> Float:
    """Expected purchases in (T, T + weeks], given the history."""
    alive = alive_probability(parameters, repeats, recency, age)
    return alive * purchases_if_alive(parameters, repeats, age, weeks)


def expected_purchases_of_new(parameters: ParetoParameters, weeks: Float) -> Float:
    """Expected repeat purchases in the first `weeks` of a new customer."""
    none = np.zeros_like(weeks)
    return purchases_if_alive(parameters, none, none, weeks)
