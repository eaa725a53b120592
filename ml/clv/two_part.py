"""Two-part regression: the chance of any value in twelve months, times how much it then is.

Belongs here: features, fit, expectation, interval, and the place of an outcome in it.
Does not belong here: when it is used instead of Gamma-Gamma (`ml.clv.training`).

It takes nothing for granted about frequency and amount: a logistic regression says how likely
value is, a gamma regression with logarithmic link how much, as a multiple of the customer's own
value of the last months, so that few data say "as before" and not "as everybody". It learns
from outcomes, so it needs as-of dates whose twelve months are over. What it expects in total is
held at what came in total, so that neither the cut of extreme amounts nor credits above invoices
shift the level.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.linear_model import GammaRegressor, LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.clv.panel import ValuePanel
from ml.clv.summary import WEEKS_PER_MONTH
from ml.errors import FitError

Float = npt.NDArray[np.float64]

FEATURES: Final = (
    "repeats",
    "silence",
    "age",
    "silence_against_own_gap",
    "bought_once",
    "value_a_month",
    "amount",
)
MONTHS: Final = 12
"""Months of outcome that it learns from."""
_WINSORISE: Final = 0.99
_SMALL: Final = 0.1  # of typical value, for who had none
_GRID: Final = np.linspace(0, 1, 201)


@dataclass(frozen=True)
class TwoPartParameters:
    """A fitted two-part regression.

    Attributes:
        unit: Typical monthly value, which is added before logarithms.
        low: Least value of each feature in training; beyond, it counts as this.
        high: Greatest.
        center: Mean of each feature.
        spread: Its standard deviation.
        chance: Intercept and coefficients of the logarithmic odds of value.
        amount: Intercept and coefficients of the logarithm of its amount over that of before.
        level: What all amounts are multiplied by, so that totals agree.
        ratios: Quantiles, at even steps, of amounts over what was expected of them.
    """

    unit: float
    low: Float
    high: Float
    center: Float
    spread: Float
    chance: Float
    amount: Float
    level: float
    ratios: Float

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return dict(vars(self))


@dataclass(frozen=True)
class Expected:
    """What is expected of twelve months, per customer.

    Attributes:
        chance: Probability of any value.
        amount: Revenue if there is any.
    """

    chance: Float
    amount: Float

    @property
    def value(self) -> Float:
        """Expected value."""
        return self.chance * self.amount


def _features(panel: ValuePanel, unit: float) -> Float:
    """Columns in the order of `FEATURES`; an unknown amount is that of the month's value."""
    silence = panel.age - panel.recency
    gap = np.where(panel.repeats > 0, panel.recency / np.maximum(panel.repeats, 1), panel.age)
    monthly = np.log(_before(panel, unit))
    amount = np.where(panel.has_amount, np.where(panel.has_amount, panel.amount, 1.0), 1.0)
    return np.column_stack(
        [
            np.log1p(panel.repeats),
            np.log1p(silence),
            np.log1p(panel.age),
            np.log((silence + 1) / (gap + 1)),
            (panel.repeats == 0).astype(np.float64),
            monthly,
            np.where(panel.has_amount, np.log(amount), monthly),
        ]
    )


def _before(panel: ValuePanel, unit: float) -> Float:
    """Twelve months at the rate of the last ones, and a little for who had none."""
    months = np.clip(panel.age / WEEKS_PER_MONTH, 1, 12)
    return np.asarray(MONTHS * (np.maximum(panel.purchase_value_12m, 0) / months + unit))


def is_enough(value: Float, *, least: int) -> bool:
    """Whether there are customers with and without later value to learn from."""
    came = int((value > 0).sum())
    return min(came, len(value) - came) >= least


def fit(panel: ValuePanel, value: Float) -> TwoPartParameters:
    """Fit to customers with what they brought in the twelve months after.

    Raises:
        FitError: All of them, or none, brought value.
    """
    came = value > 0
    if came.all() or not came.any():
        raise FitError("A two-part regression needs customers with and without later value.")
    months = np.clip(panel.age / WEEKS_PER_MONTH, 1, 12)
    before = panel.purchase_value_12m
    rates = (before / months)[before > 0]
    unit = float(np.median(rates)) * _SMALL if len(rates) else 1.0
    raw = _features(panel, unit)
    center, spread = raw.mean(axis=0), raw.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = (raw - center) / spread
    multiple = value[came] / _before(panel, unit)[came]
    multiple = np.minimum(multiple, np.quantile(multiple, _WINSORISE))
    typical = float(multiple.mean())
    with threadpool_limits(limits=1):
        odds = LogisticRegression(C=1.0, max_iter=2000).fit(scaled, came)
        log_amount = GammaRegressor(alpha=1e-2, max_iter=2000, tol=1e-8)
        log_amount.fit(scaled[came], multiple / typical)
    found = TwoPartParameters(
        unit=unit,
        low=raw.min(axis=0),
        high=raw.max(axis=0),
        center=center,
        spread=spread,
        chance=np.concatenate([odds.intercept_, odds.coef_[0]]),
        amount=np.concatenate([[log_amount.intercept_ + np.log(typical)], log_amount.coef_]),
        level=1.0,
        ratios=np.ones_like(_GRID),
    )
    expected = expect(found, panel)
    total = float(expected.value.sum())
    level = max(float(value.sum()), 0.0) / total
    ratios = np.quantile(value[came] / np.maximum(level * expected.amount[came], 1e-12), _GRID)
    return TwoPartParameters(**{**vars(found), "level": level, "ratios": ratios})


def expect(fitted: TwoPartParameters, panel: ValuePanel) -> Expected:
    """Chance and amount of value in the twelve months after each row."""
    raw = np.clip(_features(panel, fitted.unit), fitted.low, fitted.high)
    scaled = (raw - fitted.center) / fitted.spread
    chance = expit(fitted.chance[0] + scaled @ fitted.chance[1:])
    multiple = fitted.level * np.exp(fitted.amount[0] + scaled @ fitted.amount[1:])
    amount = multiple * _before(panel, fitted.unit)
    return Expected(np.asarray(chance, dtype=np.float64), np.asarray(amount, dtype=np.float64))


def interval(fitted: TwoPartParameters, expected: Expected, share: float) -> tuple[Float, Float]:
    """Least and greatest of the middle `share` of what may come."""
    outside = (1 - share) / 2
    return quantile(fitted, expected, outside), quantile(fitted, expected, 1 - outside)


def quantile(fitted: TwoPartParameters, expected: Expected, place: Float | float) -> Float:
    """What is not exceeded with a chance of `place`; a column of places gives a row for each."""
    none = 1 - expected.chance
    among = np.clip((place - none) / expected.chance, 0, 1)
    amount = np.interp(among, _GRID, fitted.ratios) * expected.amount
    return np.where(place <= none, 0.0, amount)


def outcome_places(
    fitted: TwoPartParameters, expected: Expected, actual: Float, *, seed: int
) -> Float:
    """Where each outcome lies among what may come, 0 to 1, at random among the zeros."""
    uniform = np.random.default_rng(seed).random(len(actual))
    none = 1 - expected.chance
    ratio = actual / np.maximum(expected.amount, 1e-12)
    above = none + expected.chance * np.interp(ratio, fitted.ratios, _GRID)
    return np.where(actual > 0, above, uniform * none)
