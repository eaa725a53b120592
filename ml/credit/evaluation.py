"""How well ratings separate good from bad, and keep their word, on rows not learnt from.

Belongs here: KS, Gini, calibration and stability of the learnt and the expert rating on the same
rows, their intervals by resampling customers, and their form as rows of `ml.estimator_metrics`.
Does not belong here: verdicts (`ml.credit.gate`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.churn.calibration import Line, fit_line, line_interval
from ml.churn.evaluation import metric_row
from ml.credit.config import CreditConfig
from ml.credit.panel import Panel, customer_groups
from ml.credit.points import fit_scorecard, probability_of_points
from ml.metrics import auc, kolmogorov_smirnov, stability_index

Float = npt.NDArray[np.float64]
Rows = list[dict[str, Any]]

LEARNT: Final = "learnt"
EXPERT: Final = "expert"
_LEVEL: Final = 0.95
_TAILS: Final = (50 * (1 - _LEVEL), 50 * (1 + _LEVEL))


@dataclass(frozen=True)
class Separation:
    """How one rating separates the rows of a slice.

    Attributes:
        measures: `auc`, `gini` and `ks`.
        intervals: Measure -> 95 % interval; empty where none was asked for.
    """

    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Judgement:
    """What was found on the test slice.

    Attributes:
        learnt: Separation by the learnt points.
        expert: Separation by the expert's points, of the same rows.
        in_training: Separation by the learnt points in the training months.
        gini_gain: Gini of the learnt points less that of the expert's, with its 95 % interval
            (the same resamples for both).
        slope: Logistic line through the learnt log-odds of bad.
        level: The same with the slope held at 1: how far the level is off.
        stability: Population stability index of the learnt points from training to test; NaN
            where there are too few rows.
        mean_probability: Mean learnt probability.
        bad_ratio: Share that went bad.
    """

    learnt: Separation
    expert: Separation
    in_training: Separation
    gini_gain: tuple[float, float, float]
    slope: Line
    level: Line
    stability: float
    mean_probability: float
    bad_ratio: float


def _measures(bad: Float, points: Float, weight: Float | None = None) -> dict[str, float]:
    found = auc(bad, -points, weight)
    return {
        "auc": found,
        "gini": 2 * found - 1,
        "ks": kolmogorov_smirnov(bad, -points, weight),
    }


def separate(panel: Panel, points: Float) -> Separation:
    """Measure how points order the bad below the good."""
    return Separation(_measures(panel.bad, points), {})


def compare(
    panel: Panel, ratings: Mapping[str, Float], config: CreditConfig
) -> tuple[dict[str, Separation], tuple[float, float, float]]:
    """Measure several ratings on the same rows, with intervals from the same resamples.

    Returns:
        (rating -> separation; Gini of the first less that of the last, with its interval).
    """
    codes = np.unique(panel.customer, return_inverse=True)[1]
    customers = int(codes.max()) + 1
    rng = np.random.default_rng(config.seed)
    draws: dict[str, list[dict[str, float]]] = {name: [] for name in ratings}
    for _ in range(config.bootstrap_draws):
        chosen = np.bincount(rng.integers(0, customers, customers), minlength=customers)
        weight = chosen[codes].astype(np.float64)
        for name, points in ratings.items():
            draws[name].append(_measures(panel.bad, points, weight))
    found: dict[str, Separation] = {}
    for name, points in ratings.items():
        measures = _measures(panel.bad, points)
        found[name] = Separation(
            measures,
            {
                m: _interval(value, [draw[m] for draw in draws[name]])
                for m, value in measures.items()
            },
        )
    first, last = next(iter(ratings)), list(ratings)[-1]
    gains = [a["gini"] - b["gini"] for a, b in zip(draws[first], draws[last], strict=True)]
    gain = found[first].measures["gini"] - found[last].measures["gini"]
    return found, (gain, *_interval(gain, gains))


def _interval(value: float, draws: list[float]) -> tuple[float, float]:
    """Percentile interval, never without the value itself.

    KS takes the greatest of many gaps, and more of them open in a resample: near 0 all resamples
    may lie above the value.
    """
    known = np.array(draws)[np.isfinite(draws)]
    if len(known) == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(known, _TAILS)
    return min(float(low), value), max(float(high), value)


def cross_points(train: Panel, test: Panel, config: CreditConfig) -> tuple[Float, Float]:
    """Rate every customer by what was learnt from the earlier months of other customers.

    Returns:
        (points of the training rows, points of the test rows).
    """
    found = np.full(len(train), np.nan), np.full(len(test), np.nan)
    groups = customer_groups(train, config), customer_groups(test, config)
    for group in range(config.folds):
        scorecard = fit_scorecard(train.take(groups[0] != group), config)
        for points, panel, own in zip(found, (train, test), groups, strict=True):
            points[own == group] = scorecard.total(panel.features[own == group])
    return found


def judge(train: Panel, test: Panel, config: CreditConfig) -> Judgement:
    """Measure the learnt rating, and the expert's beside it, on the test slice."""
    before, points = cross_points(train, test, config)
    found, gain = compare(test, {LEARNT: points, EXPERT: test.expert_points}, config)
    odds = (config.scale.offset - points) / config.scale.factor
    return Judgement(
        learnt=found[LEARNT],
        expert=found[EXPERT],
        in_training=separate(train, before),
        gini_gain=gain,
        slope=fit_line(test.bad, odds, test.customer),
        level=fit_line(test.bad, odds, test.customer, is_slope_fixed=True),
        stability=points_stability(before, points, config),
        mean_probability=float(probability_of_points(points, config.scale).mean()),
        bad_ratio=float(test.bad.mean()),
    )


def points_stability(
    before: npt.NDArray[Any], after: npt.NDArray[Any], config: CreditConfig
) -> float:
    """Stability index of points over bins of equal count before; NaN for fewer than 200 rows."""
    if min(len(before), len(after)) < config.psi_min_rows:
        return float("nan")
    shares = np.arange(1, config.psi_bins) / config.psi_bins
    edges = np.unique(np.quantile(before, shares, method="higher"))
    edges = edges[edges > before.min()]
    counts = [
        np.bincount(np.searchsorted(edges, each, side="right"), minlength=len(edges) + 1)
        / len(each)
        for each in (before, after)
    ]
    return stability_index(counts[0], counts[1])


def separation_rows(candidate: str, slice_name: str, panel: Panel, separation: Separation) -> Rows:
    """Rows of one rating on one slice."""
    return [
        metric_row(
            candidate,
            slice_name,
            name,
            value,
            interval=separation.intervals.get(name),
            n=len(panel),
        )
        for name, value in separation.measures.items()
    ]


def judgement_rows(judgement: Judgement, train: Panel, test: Panel) -> Rows:
    """Rows of the test slice, and the learnt rating's own of the training months."""
    gain, low, high = judgement.gini_gain
    lines = {
        "calibration_slope": (judgement.slope.slope, judgement.slope.slope_error),
        "calibration_intercept": (judgement.level.intercept, judgement.level.intercept_error),
    }
    n = len(test)
    return [
        *separation_rows(LEARNT, "train", train, judgement.in_training),
        *separation_rows(LEARNT, "test", test, judgement.learnt),
        *separation_rows(EXPERT, "test", test, judgement.expert),
        metric_row(LEARNT, "test", "gini_gain", gain, interval=(low, high), n=n),
        *(
            metric_row(LEARNT, "test", name, value, interval=line_interval(value, error), n=n)
            for name, (value, error) in lines.items()
        ),
        metric_row(LEARNT, "test", "mean_probability", judgement.mean_probability, n=n),
        metric_row(LEARNT, "test", "stability_index", judgement.stability, n=n),
    ]


def slice_rows(slice_name: str, panel: Panel) -> Rows:
    """How many rows and customers of a slice went bad; the same for every rating."""
    if len(panel) == 0:
        return []
    count, bad = panel.customer_count(), panel.customer_count(1.0)
    return [
        metric_row("all", slice_name, "bad_ratio", float(panel.bad.mean()), n=len(panel)),
        metric_row("all", slice_name, "customers", float(count), n=len(panel)),
        metric_row("all", slice_name, "bad_customers", float(bad), n=len(panel)),
    ]
