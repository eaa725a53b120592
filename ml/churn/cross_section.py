"""The estimators judged on other customers instead of on later months.

Belongs here: out-of-fold probabilities of a table that has one row per customer and no history,
so that the training code can be held against published figures on such tables.
Does not belong here: publication. What was not judged on later months is never published.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.churn.baseline import TIER, fit_rates
from ml.churn.candidates import CANDIDATES, fit_member
from ml.churn.config import ChurnConfig
from ml.churn.evaluation import Evaluation, evaluate
from ml.churn.gate import GateInput, run_gate
from ml.churn.panel import Panel, read_panel
from ml.errors import FrameError
from ml.gate import Check

Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CrossSection:
    """What one candidate shows on customers that it has not seen.

    Attributes:
        candidate: Its name.
        probability: Out-of-fold probability of each customer, ordered by customer id.
        evaluation: Measures of all of them together.
        checks: Verdicts of the publication gate, for what they say about the measures.
    """

    candidate: str
    probability: Float
    evaluation: Evaluation
    checks: list[Check]


def judge_cross_section(
    frame: pd.DataFrame,
    config: ChurnConfig,
    *,
    features: Sequence[str],
    candidates: Sequence[str] = CANDIDATES,
) -> list[CrossSection]:
    """Fit, calibrate and judge each candidate out of fold.

    Each customer gets a probability from a fit, calibration included, that has not seen that
    customer; fitting and calibrating are those of training. The baseline is the rate of the tier,
    out of fold too.

    Args:
        frame: One row per customer: `customer_id`, `as_of_date` (the same in all rows), `tier`,
            `is_churned` and the features.
        config: Settings; `folds` says how often each candidate is fitted.
        features: The columns to learn from.
        candidates: Which to judge.

    Raises:
        FrameError: As `read_panel`, or a customer stands in more than one row.
    """
    name = "churn cross-section"
    panel = read_panel(frame, seed=config.seed, is_labelled=True, name=name, features=features)
    if panel.customer_count() != len(panel):
        raise FrameError(f"{name}: a customer stands in more than one row; that is a history.")
    # Other groups than those of the calibration inside a fit, which are the remainder.
    fold = (panel.fold_hash // np.uint64(config.folds)) % np.uint64(config.folds)
    baseline = np.empty(len(panel))
    for part in range(config.folds):
        rates = fit_rates(TIER, panel.take(fold != part), config)
        baseline[fold == part] = rates.probability(panel.take(fold == part))
    to_beat = evaluate(panel, baseline, replace(config, bootstrap_draws=1)).measures["auc"]
    return [_judge(each, panel, fold, to_beat, config) for each in candidates]


def _judge(
    candidate: str,
    panel: Panel,
    fold: npt.NDArray[np.uint64],
    baseline_auc: float,
    config: ChurnConfig,
) -> CrossSection:
    probability = np.empty(len(panel))
    for part in range(config.folds):
        fitted = fit_member(candidate, panel.take(fold != part), config)
        probability[fold == part] = fitted.probability(panel.features[fold == part])
    evaluation = evaluate(panel, probability, config)
    checks = run_gate(GateInput(evaluation, baseline_auc, panel), config)
    return CrossSection(candidate, probability, evaluation, checks)
