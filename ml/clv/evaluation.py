"""How well purchases and value of later months were foreseen.

Belongs here: errors, bias, ranking and capture against outcomes; the naive baseline.
Does not belong here: fitting.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, spearmanr

from ml.clv.config import ClvConfig
from ml.clv.panel import ValuePanel
from ml.clv.summary import DAYS_PER_WEEK, WEEKS_PER_MONTH
from ml.metrics import normalised_gini, top_capture

Float = npt.NDArray[np.float64]

# More customers than this are resampled in so many cells, drawn at random.
RESAMPLED_CELLS = 10_000

_YEAR_WEEKS = 12 * WEEKS_PER_MONTH


@dataclass(frozen=True)
class ValueEvaluation:
    """Measures of one way of predicting.

    Attributes:
        measures: Measure -> value; `_bias_pct` is 100 * (predicted - actual) / actual of the
            totals, `_deviance` the mean Poisson deviance (lower is better).
        intervals: Measure -> 95 % interval, where there is one: by resampling customers, of
            `interval_coverage` by Wilson's score.
        customers: Customers judged.
    """

    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    customers: int


def rank_correlation(one: Float, other: Float) -> float:
    """Spearman's rank correlation; NaN where a side does not vary."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other).statistic)


def poisson_deviances(actual: Float, predicted: Float) -> Float:
    """Poisson deviance of each count: least, in expectation, for the true mean."""
    mean = np.maximum(predicted, 1e-9)
    ratio = np.where(actual > 0, actual, 1.0) / mean
    return 2 * (np.where(actual > 0, actual * np.log(ratio), 0.0) - (actual - mean))


def poisson_deviance(actual: Float, predicted: Float) -> float:
    """Mean Poisson deviance of counts."""
    return float(poisson_deviances(actual, predicted).mean())


def clearness(gain: Float) -> float:
    """Mean of gains per customer, in standard errors of that mean; 0 where they do not vary."""
    spread = float(gain.std(ddof=1)) if len(gain) > 1 else 0.0
    return float(gain.mean()) * np.sqrt(len(gain)) / spread if spread > 0 else 0.0


def evaluate_values(
    *,
    purchases: tuple[Float, Float] | None,
    value: tuple[Float, Float],
    config: ClvConfig,
    is_inside: npt.NDArray[np.bool_] | None = None,
) -> ValueEvaluation:
    """Compare predictions with outcomes.

    Args:
        purchases: (actual, predicted) purchases; None for a way that predicts none.
        value: (actual, predicted) value, not discounted.
        config: Settings.
        is_inside: Whether each outcome lay inside its 90 % interval; None for a way that gives
            none.
    """
    measures: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    for name, pair in (("purchases", purchases), ("value", value)):
        if pair is None:
            continue
        found, bands = _errors(*pair, config)
        measures |= {f"{name}_{key}": value for key, value in found.items()}
        intervals |= {f"{name}_{key}": band for key, band in bands.items()}
    if purchases is not None:
        measures["purchases_deviance"] = poisson_deviance(*purchases)
    actual, predicted = value
    measures["value_gini"] = normalised_gini(actual, predicted)
    share = round(100 * config.top_share)
    measures[f"value_top{share}_capture"] = top_capture(actual, predicted, share=config.top_share)
    measures |= _deciles(actual, predicted)
    if is_inside is not None:
        measures["interval_coverage"] = float(is_inside.mean())
        intervals["interval_coverage"] = share_interval(is_inside)
    return ValueEvaluation(measures, intervals, len(actual))


def share_interval(is_inside: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, not empty where all or none are inside; NaN of nobody."""
    if not len(is_inside):
        return float("nan"), float("nan")
    found = binomtest(int(is_inside.sum()), len(is_inside)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _errors(
    actual: Float, predicted: Float, config: ClvConfig
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    error = predicted - actual
    total = float(actual.sum())
    measures = {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias_pct": 100 * float(error.sum()) / total if total else float("nan"),
        "spearman": rank_correlation(actual, predicted),
    }
    rng = np.random.default_rng(config.seed)
    sums = _cell_sums(np.column_stack([np.ones_like(error), actual, error, np.abs(error)]), rng)
    draws = np.empty((config.bootstrap_draws, 2))
    for number in range(config.bootstrap_draws):
        drawn = sums[rng.integers(0, len(sums), len(sums))].sum(axis=0)
        draws[number, 0] = drawn[3] / drawn[0]
        draws[number, 1] = 100 * drawn[2] / drawn[1] if drawn[1] else np.nan
    low, high = np.nanpercentile(draws, [2.5, 97.5], axis=0) if total else np.full((2, 2), np.nan)
    return measures, {
        "mae": (float(low[0]), float(high[0])),
        "bias_pct": (float(low[1]), float(high[1])),
    }


def _cell_sums(columns: Float, rng: np.random.Generator) -> Float:
    """Sums by cell of customers; each customer is a cell where they are no more than the cells.

    Resampling cells that were drawn at random gives the intervals of resampling customers, at a
    cost that does not grow with the customers.
    """
    if len(columns) <= RESAMPLED_CELLS:
        return columns
    shuffled = columns[rng.permutation(len(columns))]
    starts = np.arange(RESAMPLED_CELLS) * len(columns) // RESAMPLED_CELLS
    return np.add.reduceat(shuffled, starts, axis=0)


def _deciles(actual: Float, predicted: Float) -> dict[str, float]:
    """Mean predicted and actual value per tenth of customers, the best tenth first."""
    order = np.lexsort((actual, -predicted))
    rows: dict[str, float] = {}
    for number, part in enumerate(np.array_split(order, 10)):
        if len(part):
            rows[f"value_decile_{number + 1:02d}_predicted"] = float(predicted[part].mean())
            rows[f"value_decile_{number + 1:02d}_observed"] = float(actual[part].mean())
    return rows


def naive_value(panel: ValuePanel, *, months: int) -> Float:
    """Baseline: mean monthly value of the last 12 months x months x retention.

    Retention is the share of earlier customers who bought again in the last 12 months, or in
    the last half of the history where that is shorter than two years.
    """
    spend_months = np.clip(panel.tenure / WEEKS_PER_MONTH, 1, 12)
    return np.asarray(panel.value_12m / spend_months * months * retention(panel))


def retention(panel: ValuePanel) -> float:
    """Share of customers of the past who bought since; 1 where there is no past."""
    longest = float(panel.tenure.max()) if len(panel) else 0.0
    window = min(_YEAR_WEEKS, longest / 2)
    earlier = panel.tenure >= max(window, 1 / DAYS_PER_WEEK)
    if not earlier.any():
        return 1.0
    return float((panel.silence[earlier] < window).mean())
