"""The contest between the churn estimator that speaks and a newly trained one.

Belongs here: the rows that neither has learnt from, both scores on them, and the interval of
their differences.
Does not belong here: the rule that follows from it (`ml.champion`).

The newly trained estimator was fitted again on all labels after it was judged, so it has seen
every outcome there is. What competes in its name is the same candidate fitted on the training
slice alone, as the gate judged it. The champion competes as it stands, which is allowed only where
all of the newest test slice lies after the outcomes that it learnt from.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.champion import Contest
from ml.churn.calibration import calibration_error
from ml.churn.candidates import CANDIDATES, fit_candidate
from ml.churn.config import ChurnConfig
from ml.churn.estimator import ChurnEstimator
from ml.churn.evaluation import evaluate
from ml.churn.gate import GateInput, run_gate
from ml.churn.panel import Panel
from ml.churn.training import newest_slices
from ml.gate import refusal_reason
from ml.metrics import average_precision

Float = npt.NDArray[np.float64]

_TAILS = (2.5, 97.5)


@dataclass(frozen=True)
class Difference:
    """A difference of two measures on the same rows, with its 95 % interval."""

    value: float
    low: float
    high: float


def contest_churn(
    frame: pd.DataFrame, champion: ChurnEstimator, challenger: ChurnEstimator, config: ChurnConfig
) -> Contest | None:
    """Judge both estimators on the newest outcomes.

    Args:
        frame: The frame that the challenger was trained on.
        champion: The estimator that speaks, published.
        challenger: The one trained on the frame.
        config: Settings of that training.

    Returns:
        None where there are no outcomes that the champion has not seen, or nothing to compare.

    Raises:
        FrameError: The frame lacks, repeats or leaves empty a column, or repeats a key.
    """
    if champion.fitted is None or champion.labels_to is None:
        return None
    slices = newest_slices(frame, config, features=challenger.features)
    if slices is None or slices.test.date.min().item() < champion.labels_to:
        return None
    test = slices.test
    before = champion.fitted.probability(_read_by(champion, test))
    # One that was not published names its candidate too, unless nothing could be trained.
    name = challenger.candidate if challenger.candidate in CANDIDATES else champion.candidate
    fitted = fit_candidate(name, slices.train, slices.calibrate, config)
    after = fitted.probability(test.features)
    checks = run_gate(
        GateInput(evaluate(test, before, config), slices.baseline_auc, slices.learnt), config
    )
    gain = difference(test, before, after, average_precision, config)
    error = difference(test, after, before, _calibration_error(config), config)
    return Contest(
        row_count=len(test),
        customer_count=test.customer_count(),
        first_date=test.date.min().item(),
        last_date=test.date.max().item(),
        champion_pr_auc=average_precision(test.churned, before),
        challenger_pr_auc=average_precision(test.churned, after),
        gain_low=gain.low,
        gain_high=gain.high,
        champion_ece=_calibration_error(config)(test.churned, before),
        challenger_ece=_calibration_error(config)(test.churned, after),
        ece_gain_low=error.low,
        objection=refusal_reason(checks),
    )


def _read_by(estimator: ChurnEstimator, panel: Panel) -> Float:
    """The features in the order in which an estimator reads them."""
    return np.column_stack([panel.feature(name) for name in estimator.features])


def _calibration_error(config: ChurnConfig) -> Callable[[Float, Float], float]:
    def measure(churned: Float, probability: Float) -> float:
        found = calibration_error(
            churned, probability, bins=config.calibration_bins, draws=1, seed=config.seed
        )
        return found.raw

    return measure


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
    order = np.argsort(panel.customer, kind="stable")
    starts = np.flatnonzero(np.diff(panel.customer[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    rng = np.random.default_rng(config.seed)
    found = []
    for _ in range(config.bootstrap_draws):
        drawn = rng.integers(0, len(starts), len(starts))
        rows = order[_ranges(starts[drawn], ends[drawn])]
        churned = panel.churned[rows]
        found.append(measure(churned, second[rows]) - measure(churned, first[rows]))
    known = np.array(found)[np.isfinite(found)]
    low, high = np.percentile(known, _TAILS) if len(known) else (float("nan"), float("nan"))
    value = measure(panel.churned, second) - measure(panel.churned, first)
    return Difference(value, float(low), float(high))


def _ranges(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers start..end of every range, one range after the other."""
    sizes = ends - starts
    offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
    return (np.arange(sizes.sum()) + offsets).astype(np.int64)
