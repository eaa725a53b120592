"""The contest between the churn estimator that speaks and a newly trained one.

Belongs here: the rows that neither has learnt from, both scores on them, and the interval of
their differences.
Does not belong here: the rule that follows from it (`ml.champion`).

The newly trained estimator was fitted again on all labels after it was judged, so it has seen
every outcome there is. What competes in its name is the same candidate fitted on the training
slice alone, as the gate judged it. The champion competes as it stands, which is allowed only where
all of the newest test slice lies after the outcomes that it learnt from. Of both, each customer is
judged by the fit that has not seen that customer: groups are by hash, the same in all trainings.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.champion import Contest
from ml.churn.candidates import CANDIDATES, cross_fitted, fit_candidate
from ml.churn.config import ChurnConfig
from ml.churn.estimator import ChurnEstimator
from ml.churn.evaluation import calibration_error_by, difference, evaluate
from ml.churn.gate import GateInput, run_gate
from ml.churn.panel import Panel
from ml.churn.training import newest_slices
from ml.gate import refusal_reason
from ml.metrics import average_precision

Float = npt.NDArray[np.float64]


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
    read = replace(test, names=champion.features, features=_read_by(champion, test))
    before = cross_fitted(champion.fitted, read, config)
    # One that was not published names its candidate too, unless nothing could be trained.
    name = challenger.candidate if challenger.candidate in CANDIDATES else champion.candidate
    fitted = fit_candidate(name, slices.train, slices.calibrate, config)
    after = cross_fitted(fitted, test, config)
    checks = run_gate(
        GateInput(evaluate(test, before, config), slices.baseline_auc, slices.learnt), config
    )
    error_of = calibration_error_by(config)
    gain = difference(test, before, after, average_precision, config)
    error = difference(test, after, before, error_of, config)
    return Contest(
        row_count=len(test),
        customer_count=test.customer_count(),
        first_date=test.date.min().item(),
        last_date=test.date.max().item(),
        champion_pr_auc=average_precision(test.churned, before),
        challenger_pr_auc=average_precision(test.churned, after),
        gain_low=gain.low,
        gain_high=gain.high,
        champion_ece=error_of(test.churned, before),
        challenger_ece=error_of(test.churned, after),
        ece_gain_low=error.low,
        objection=refusal_reason(checks),
    )


def _read_by(estimator: ChurnEstimator, panel: Panel) -> Float:
    """The features in the order in which an estimator reads them."""
    return np.column_stack([panel.feature(name) for name in estimator.features])
