"""Turning a score into a probability, and judging whether a probability keeps its word.

Belongs here: sigmoid and isotonic calibration, calibration slope and intercept, calibration
error with its sampling noise, the reliability table.
Does not belong here: ranking measures (`ml.metrics`), the gate (`ml.churn.gate`).

Sources: Platt (1999) for the sigmoid; Zadrozny and Elkan (2002) for isotonic regression;
Cox (1958) for slope and intercept; Liang and Zeger (1986) for the interval by customer.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression

from ml.metrics import tie_starts

Float = npt.NDArray[np.float64]
_NEWTON_STEPS: Final = 60
_SEPARATED: Final = 30.0


@dataclass(frozen=True)
class Line:
    """A logistic line y ~ expit(intercept + slope * score) with errors by customer.

    Attributes:
        intercept: Its intercept; NaN where it could not be fitted.
        slope: Its slope.
        intercept_error: Standard error of the intercept, clustered by customer.
        slope_error: Standard error of the slope, clustered by customer.
    """

    intercept: float
    slope: float
    intercept_error: float
    slope_error: float


def fit_line(
    churned: Float, score: Float, customer: npt.NDArray[np.int64], *, is_slope_fixed: bool = False
) -> Line:
    """Fit a logistic line by Newton's method, with a sandwich variance by customer.

    Args:
        churned: 0/1.
        score: Log-odds.
        customer: Number of the customer of each row; its rows are not independent.
        is_slope_fixed: Hold the slope at 1 and fit the intercept only.

    Returns:
        NaN throughout where the classes are separated or one is absent.
    """
    design = np.column_stack([np.ones(len(score)), score])
    free = 1 if is_slope_fixed else 2
    beta = np.array([0.0, 1.0 if is_slope_fixed else 0.0])
    failed = Line(*(float("nan"),) * 4)
    if len(np.unique(churned)) < 2:
        return failed
    for _ in range(_NEWTON_STEPS):
        chance = expit(design @ beta)
        gradient = design[:, :free].T @ (churned - chance)
        curvature = (design[:, :free] * (chance * (1 - chance))[:, None]).T @ design[:, :free]
        if np.linalg.cond(curvature) > 1e14:
            return failed
        step = np.linalg.solve(curvature, gradient)
        beta[:free] += step
        if np.abs(beta).max() > _SEPARATED * 10:
            return failed
        if np.abs(step).max() < 1e-10:
            break
    else:
        return failed
    error = _clustered_error(design[:, :free], churned - expit(design @ beta), curvature, customer)
    slope_error = 0.0 if is_slope_fixed else float(error[1])
    return Line(float(beta[0]), float(beta[1]), float(error[0]), slope_error)


def _clustered_error(
    design: Float, residual: Float, curvature: Float, customer: npt.NDArray[np.int64]
) -> Float:
    codes = np.unique(customer, return_inverse=True)[1]
    sums = np.column_stack(
        [np.bincount(codes, weights=design[:, j] * residual) for j in range(design.shape[1])]
    )
    count = len(sums)
    bread = np.linalg.inv(curvature)
    cover = bread @ (sums.T @ sums) @ bread * (count / max(count - 1, 1))
    return np.asarray(np.sqrt(np.diag(cover)), dtype=np.float64)


def line_interval(value: float, error: float, *, level: float = 0.95) -> tuple[float, float]:
    """Normal interval around a coefficient."""
    reach = float(norm.ppf(0.5 + level / 2)) * error
    return value - reach, value + reach


@dataclass(frozen=True)
class Calibrator:
    """A monotone map from log-odds to probability.

    Attributes:
        kind: `sigmoid` or `isotonic`.
        x: Isotonic: log-odds of the steps. Sigmoid: empty.
        y: Isotonic: probabilities of the steps. Sigmoid: intercept and slope.
        low: Least probability, and
        high: greatest probability that are ever named; no sample shows certainty.
    """

    kind: str
    x: Float
    y: Float
    low: float
    high: float

    def apply(self, score: Float) -> Float:
        """Probability of each score."""
        if self.kind == "sigmoid":
            chance = expit(self.y[0] + self.y[1] * score)
        else:
            chance = np.interp(score, self.x, self.y)
        return np.asarray(np.clip(chance, self.low, self.high), dtype=np.float64)

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return dict(vars(self))


def fit_calibrator(
    score: Float,
    churned: Float,
    customer: npt.NDArray[np.int64],
    *,
    isotonic_min_positives: int,
) -> Calibrator:
    """Fit isotonic calibration, or a sigmoid where churned customers are few.

    A sigmoid that cannot be fitted (separated classes) keeps the scores as they are.
    """
    positives = len(np.unique(customer[churned == 1]))
    if positives >= isotonic_min_positives:
        return _fit_isotonic(score, churned, customer)
    margin = 1.0 / (len(np.unique(customer)) + 2)
    line = fit_line(churned, score, customer)
    fitted = np.array([line.intercept, line.slope])
    if not np.isfinite(fitted).all():
        fitted = np.array([0.0, 1.0])
    return Calibrator("sigmoid", np.empty(0), fitted, margin, 1 - margin)


def _fit_isotonic(score: Float, churned: Float, customer: npt.NDArray[np.int64]) -> Calibrator:
    """Isotonic calibration, its two ends drawn in by one customer of the neighbouring step.

    The end steps are often a few customers who all left or all stayed: 12 of 12, next to a step
    of 0.5, make 0.96 rather than 1.
    """
    steps = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(score, churned)
    fitted = steps.predict(score)
    rates = np.unique(fitted)

    def end(rate: float, neighbour: float) -> float:
        count = len(np.unique(customer[fitted == rate]))
        return (rate * count + neighbour) / (count + 1)

    return Calibrator(
        "isotonic",
        np.asarray(steps.X_thresholds_, dtype=np.float64),
        np.asarray(steps.y_thresholds_, dtype=np.float64),
        low=end(float(rates[0]), float(rates[min(1, len(rates) - 1)])),
        high=end(float(rates[-1]), float(rates[max(-2, -len(rates))])),
    )


def log_odds(probability: Float) -> Float:
    """Log-odds; probabilities of exactly 0 or 1 are moved in by one in a million."""
    return np.asarray(logit(np.clip(probability, 1e-6, 1 - 1e-6)), dtype=np.float64)


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error over equal-count bins.

    Attributes:
        raw: Mean gap between predicted and observed rate over the bins.
        noise: What a perfectly calibrated estimator would show by chance alone.
        predicted: Mean probability per bin.
        observed: Churn rate per bin.
        count: Rows per bin.
    """

    raw: float
    noise: float
    predicted: Float
    observed: Float
    count: npt.NDArray[np.int64]

    @property
    def corrected(self) -> float:
        """Raw error less sampling noise; below zero means better than chance would have it."""
        return self.raw - self.noise


def calibration_error(
    churned: Float, probability: Float, *, bins: int, draws: int, seed: int
) -> CalibrationError:
    """Expected calibration error with the noise of the sample deducted.

    Rows of equal probability share their observed rate, so where a bin cuts through them
    the result does not depend on their order.
    """
    order = np.argsort(probability, kind="stable")
    chance = probability[order]
    starts = tie_starts(chance)
    sizes = np.diff(np.append(starts, len(chance)))
    edges = np.linspace(0, len(chance), bins + 1).astype(np.int64)
    edges = np.unique(edges)
    counts = np.diff(edges)
    predicted = np.add.reduceat(chance, edges[:-1]) / counts

    def observed_rates(outcome: Float) -> Float:
        shared = np.repeat(np.add.reduceat(outcome, starts) / sizes, sizes)
        return np.asarray(np.add.reduceat(shared, edges[:-1]) / counts, dtype=np.float64)

    def error(observed: Float) -> float:
        return float((np.abs(predicted - observed) * counts).sum() / len(chance))

    rng = np.random.default_rng(seed)
    noise = [
        error(observed_rates((rng.random(len(chance)) < chance).astype(np.float64)))
        for _ in range(draws)
    ]
    observed = observed_rates(churned[order])
    return CalibrationError(error(observed), float(np.mean(noise)), predicted, observed, counts)
