"""How well probabilities of churn rank and keep their word on rows not trained on.

Belongs here: all measures of one slice, their intervals by resampling customers, the difference
of two estimators on the same rows, and their form as rows of `ml.estimator_metrics`.
Does not belong here: verdicts (`ml.churn.gate`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.churn.calibration import (
    CalibrationError,
    Line,
    calibration_error,
    fit_line,
    line_interval,
    log_odds,
)
from ml.churn.config import ChurnConfig
from ml.churn.features import KIND_FEATURE
from ml.churn.panel import Panel
from ml.fairness import GroupResult, assess_groups
from ml.metrics import auc, average_precision, gains, top_lift
from ml.profit import ExpectedProfit, expected_maximum_profit

Float = npt.NDArray[np.float64]
Measure = Callable[[Float, Float, Float | None], float]

_LEVEL: Final = 0.95
_TAILS: Final = (50 * (1 - _LEVEL), 50 * (1 + _LEVEL))
_GAIN_SHARES: Final = tuple(number / 10 for number in range(1, 10))
GAINS: Final = tuple(f"gains_{round(100 * share)}" for share in _GAIN_SHARES)


@dataclass(frozen=True)
class Evaluation:
    """Measures of one candidate on one slice.

    Attributes:
        measures: Measure -> value. `auc`, `pr_auc`, `top_decile_lift`, `brier`, `brier_skill`
            (against the slice's own base rate), `ece_raw`, `ece_noise`, `ece` (raw less
            noise), `calibration_slope`, `calibration_intercept` (slope held at 1: above 0
            means churn was underestimated), `base_rate`, `mean_probability`, `gains_10` to
            `gains_90` (share of the churned among so many per cent of the rows, from the top),
            `empc` and `empc_share` (expected maximum profit per customer with one value for all,
            and the share that it pays to approach), `empb_<basis>` and `empb_share_<basis>` (the
            same with each customer's own margin, or revenue, of the last twelve months).
        intervals: Measure -> 95 % interval; of a profit with the cuts of the list as they are.
        reliability: Bins of predicted and observed rates.
        rows: Rows of the slice.
        customers: Customers of the slice.
    """

    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    reliability: CalibrationError
    rows: int
    customers: int


def brier(churned: Float, probability: Float, weight: Float | None = None) -> float:
    """Mean squared difference between probability and outcome."""
    return float(np.average((probability - churned) ** 2, weights=weight))


def brier_skill(churned: Float, probability: Float, weight: Float | None = None) -> float:
    """1 - Brier score over that of always naming the slice's own base rate."""
    rate = float(np.average(churned, weights=weight))
    spread = rate * (1 - rate)
    return 1 - brier(churned, probability, weight) / spread if spread > 0 else float("nan")


_RESAMPLED: Final[Mapping[str, Measure]] = {
    "auc": auc,
    "pr_auc": average_precision,
    "top_decile_lift": top_lift,
    "brier": brier,
    "brier_skill": brier_skill,
}


def evaluate(panel: Panel, probability: Float, config: ChurnConfig) -> Evaluation:
    """Measure probabilities against outcomes on one slice."""
    churned = panel.churned
    odds = log_odds(probability)
    slope = fit_line(churned, odds, panel.customer)
    intercept = fit_line(churned, odds, panel.customer, is_slope_fixed=True)
    reliability = calibration_error(
        churned,
        probability,
        bins=config.calibration_bins,
        draws=config.noise_draws,
        seed=config.seed,
    )
    profits = _profits(panel, probability, config)
    values = _resampled(churned, probability, None)
    values |= {
        "ece_raw": reliability.raw,
        "ece_noise": reliability.noise,
        "ece": reliability.corrected,
        "calibration_slope": slope.slope,
        "calibration_intercept": intercept.intercept,
        "base_rate": float(churned.mean()),
        "mean_probability": float(probability.mean()),
    }
    for name, found in profits.items():
        measure, *basis = name.split("_")
        values |= {name: found.profit, "_".join((measure, "share", *basis)): found.share}
    contributions = {name: found.contribution for name, found in profits.items()}
    intervals = bootstrap_intervals(panel, probability, config, means=contributions)
    intervals |= _line_intervals(slope, intercept)
    return Evaluation(values, intervals, reliability, len(panel), panel.customer_count())


def _resampled(churned: Float, probability: Float, weight: Float | None) -> dict[str, float]:
    """The measures that have an interval by resampling."""
    values = {name: measure(churned, probability, weight) for name, measure in _RESAMPLED.items()}
    found = gains(churned, probability, weight, shares=_GAIN_SHARES)
    return values | dict(zip(GAINS, found.tolist(), strict=True))


def _profits(panel: Panel, probability: Float, config: ChurnConfig) -> dict[str, ExpectedProfit]:
    """Expected maximum profit with one value for all, and with each customer's own.

    The value if kept is not known at the as-of dates of a test slice: twelve months as the last
    ones stand in for it. Margin is taken where it is known of every row, else revenue.
    """
    found = {"empc": expected_maximum_profit(panel.churned, probability, config.profit)}
    for basis, name in (("margin", "gross_margin_12m"), ("revenue", "revenue_12m")):
        if name in panel.names and not np.isnan(panel.feature(name)).any():
            found[f"empb_{basis}"] = expected_maximum_profit(
                panel.churned, probability, config.profit, value=panel.feature(name)
            )
            break
    return found


def group_results(panel: Panel, probability: Float) -> list[GroupResult]:
    """Compare the groups of customers on a test slice, the tier as their size among them."""
    kinds = {**panel.groups, "tier": panel.tier}
    return [
        result
        for kind in sorted(kinds)
        for result in assess_groups(kind, kinds[kind], panel.customer, panel.churned, probability)
    ]


def group_rows(candidate: str, results: list[GroupResult]) -> list[dict[str, Any]]:
    """Rows of `ml.estimator_metrics`, slice `<kind>=<group>`; of a small group the count only."""
    return [
        metric_row(
            candidate,
            f"{result.kind}={result.group}",
            name,
            value,
            interval=result.gap_interval if name == "calibration_gap" else None,
            n=result.rows,
        )
        for result in results
        for name, value in (("customers", float(result.customers)), *result.measures.items())
    ]


def kind_rows(
    candidate: str, panel: Panel, probability: Float, config: ChurnConfig
) -> list[dict[str, Any]]:
    """The measures apart for customers with and without a contract, if there are both.

    Returns:
        Rows of `ml.estimator_metrics`, slice `label_kind=<kind>`, with the kind's base rate; none
        for a kind of which all or none churned.
    """
    if KIND_FEATURE not in panel.names or len(np.unique(panel.feature(KIND_FEATURE))) < 2:
        return []
    is_contractual = panel.feature(KIND_FEATURE) == 1
    rows = []
    for kind, members in (("contractual", is_contractual), ("non_contractual", ~is_contractual)):
        part = panel.take(members)
        if len(np.unique(part.churned)) < 2:
            continue
        found = evaluate(part, probability[members], config)
        rows += [
            metric_row(
                candidate,
                f"label_kind={kind}",
                name,
                value,
                interval=found.intervals.get(name),
                n=found.rows,
            )
            for name, value in found.measures.items()
        ]
    return rows


def _line_intervals(slope: Line, intercept: Line) -> dict[str, tuple[float, float]]:
    return {
        "calibration_slope": line_interval(slope.slope, slope.slope_error, level=_LEVEL),
        "calibration_intercept": line_interval(
            intercept.intercept, intercept.intercept_error, level=_LEVEL
        ),
    }


def bootstrap_intervals(
    panel: Panel,
    probability: Float,
    config: ChurnConfig,
    *,
    means: Mapping[str, Float] = MappingProxyType({}),
) -> dict[str, tuple[float, float]]:
    """Percentile intervals (95 %) over resampled customers, all rows of one together.

    Args:
        panel: The slice.
        probability: Of its rows.
        config: Settings.
        means: Measures that are means over the rows -> what each row adds.
    """
    order = np.lexsort((panel.churned, -probability))  # sorted once, so that each draw is fast
    churned, score = panel.churned[order], probability[order]
    codes = np.unique(panel.customer, return_inverse=True)[1]
    customers = int(codes.max()) + 1
    rng = np.random.default_rng(config.seed)
    rows = np.bincount(codes, minlength=customers)
    sums = {name: np.bincount(codes, each, customers) for name, each in means.items()}
    draws: dict[str, list[float]] = {name: [] for name in (*_RESAMPLED, *GAINS, *means)}
    for _ in range(config.bootstrap_draws):
        chosen = np.bincount(rng.integers(0, customers, customers), minlength=customers)
        weight = chosen[codes][order].astype(np.float64)
        for name, value in _resampled(churned, score, weight).items():
            draws[name].append(value)
        for name, own in sums.items():
            draws[name].append(float((chosen * own).sum() / (chosen * rows).sum()))
    result = {}
    for name, found in draws.items():
        known = np.array(found)[np.isfinite(found)]
        low, high = np.percentile(known, _TAILS) if len(known) else (float("nan"), float("nan"))
        result[name] = (float(low), float(high))
    return result


@dataclass(frozen=True)
class Difference:
    """A difference of two measures on the same rows, with its 95 % interval."""

    value: float
    low: float
    high: float


def difference(
    panel: Panel,
    first: Float,
    second: Float,
    measure: Callable[[Float, Float], float],
    config: ChurnConfig,
) -> Difference:
    """Second less first, with a percentile interval over resampled customers.

    Both are measured on the same customers in every draw, all rows of one together, so that what
    is common to both cancels.
    """
    return mean_difference([Duel(panel, first, second)], measure, config)


@dataclass(frozen=True)
class Duel:
    """What two estimators said of the rows of one slice.

    Attributes:
        panel: The rows.
        first: Score of each row by the one.
        second: Score of each row by the other.
    """

    panel: Panel
    first: Float
    second: Float


def mean_difference(
    duels: Sequence[Duel], measure: Callable[[Float, Float], float], config: ChurnConfig
) -> Difference:
    """Second less first, each slice measured by itself, in the mean of the slices.

    Args:
        duels: At least one slice; a customer has the same number in all of them.
        measure: Of outcomes and scores.
        config: Settings.

    Returns:
        The difference, with a percentile interval over customers that are resampled with all
        their rows in all slices.
    """
    customer = np.concatenate([duel.panel.customer for duel in duels])
    slices = np.repeat(np.arange(len(duels)), [len(duel.panel) for duel in duels])
    churned = np.concatenate([duel.panel.churned for duel in duels])
    first = np.concatenate([duel.first for duel in duels])
    second = np.concatenate([duel.second for duel in duels])

    def gain(rows: npt.NDArray[np.int64]) -> float:
        parts = [rows[slices[rows] == number] for number in range(len(duels))]
        if not all(len(part) for part in parts):
            return float("nan")
        gains = [
            measure(churned[part], second[part]) - measure(churned[part], first[part])
            for part in parts
        ]
        return float(np.mean(gains))

    order = np.argsort(customer, kind="stable")
    starts = np.flatnonzero(np.diff(customer[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    rng = np.random.default_rng(config.seed)
    found = []
    for _ in range(config.bootstrap_draws):
        drawn = rng.integers(0, len(starts), len(starts))
        found.append(gain(order[_ranges(starts[drawn], ends[drawn])]))
    known = np.array(found)[np.isfinite(found)]
    low, high = np.percentile(known, _TAILS) if len(known) else (float("nan"), float("nan"))
    return Difference(gain(np.arange(len(customer))), float(low), float(high))


def calibration_error_by(config: ChurnConfig) -> Callable[[Float, Float], float]:
    """The measure that two estimators' calibration is compared by: the error as counted.

    What chance alone would show is the same for both, up to chance, and is not deducted.
    """

    def measure(churned: Float, probability: Float) -> float:
        found = calibration_error(
            churned, probability, bins=config.calibration_bins, draws=1, seed=config.seed
        )
        return found.raw

    return measure


def _ranges(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers start..end of every range, one range after the other."""
    sizes = ends - starts
    offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
    return (np.arange(sizes.sum()) + offsets).astype(np.int64)


def metric_row(
    candidate: str,
    slice_name: str,
    metric: str,
    value: float,
    *,
    interval: tuple[float, float] | None = None,
    n: int,
    date: Any = None,
) -> dict[str, Any]:
    """One row of `ml.estimator_metrics`, but for estimator and version."""
    low, high = interval or (float("nan"), float("nan"))
    return {
        "candidate": candidate,
        "slice": slice_name,
        "metric": metric,
        "value": value,
        "value_low": low,
        "value_high": high,
        "n": n,
        "as_of_date": date,
    }


def evaluation_rows(candidate: str, evaluation: Evaluation) -> list[dict[str, Any]]:
    """Rows of the test slice: every measure, then the reliability table.

    The base rate is no measure of a candidate; `slice_rows` gives it once for the slice.
    """
    rows = [
        metric_row(
            candidate,
            "test",
            name,
            value,
            interval=evaluation.intervals.get(name),
            n=evaluation.rows,
        )
        for name, value in evaluation.measures.items()
        if name != "base_rate"
    ]
    table = evaluation.reliability
    for number, count in enumerate(table.count):
        for kind, values in (("predicted", table.predicted), ("observed", table.observed)):
            name = f"reliability_{number + 1:02d}_{kind}"
            rows.append(metric_row(candidate, "test", name, float(values[number]), n=int(count)))
    return rows


def slice_rows(candidate: str, slice_name: str, panel: Panel) -> list[dict[str, Any]]:
    """Base rates of a slice: over all, per tier (metric `base_rate_tier_<tier>`), per date."""
    rows = [
        metric_row(candidate, slice_name, "base_rate", float(panel.churned.mean()), n=len(panel))
    ]
    for tier in np.unique(panel.tier.astype(str)):
        part = panel.churned[panel.tier.astype(str) == tier]
        name = f"base_rate_tier_{tier.lower() or 'none'}"
        rows.append(metric_row(candidate, slice_name, name, float(part.mean()), n=len(part)))
    for date in np.unique(panel.date):
        part = panel.churned[panel.date == date]
        rows.append(
            metric_row(
                candidate,
                slice_name,
                "base_rate_month",
                float(part.mean()),
                n=len(part),
                date=date,
            )
        )
    return rows
