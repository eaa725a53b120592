"""Learning the credit rating, from a frame to a verdict.

Belongs here: the order of the steps: count, divide, fit, judge, fit again, describe.
Does not belong here: the steps themselves (the other modules of this folder).

1. Rows are divided: earlier months to learn from; the last ones, beyond an embargo as long as the
   outcome, to test on.
2. With fewer than 200 customers who went bad to learn from, or too few to test on, nothing is
   learnt: the expert rating stays, and is measured on the test rows if there are any.
3. Else every customer of the test is rated by a scorecard learnt from the earlier months of other
   customers, and that rating is judged beside the expert's on the same rows.
4. If it passes it is fitted again, in the same way, on all rows with a complete outcome.
"""

from typing import Any

import numpy as np
import pandas as pd

from ml.credit.config import CreditConfig
from ml.credit.estimator import NOT_PUBLISHED, PUBLISHED, CreditEstimator, score_credit
from ml.credit.evaluation import (
    EXPERT,
    LEARNT,
    compare,
    judge,
    judgement_rows,
    separation_rows,
    slice_rows,
)
from ml.credit.features import FEATURES
from ml.credit.gate import count_checks, judgement_checks
from ml.credit.panel import Panel, read_panel, split_panel
from ml.credit.points import Scorecard, fit_scorecard
from ml.frames import sample_customers
from ml.gate import Check, is_publishable, refusal_reason
from ml.training_rows import Training, month_end_after, training_of

__all__ = ["CreditConfig", "CreditEstimator", "CreditTraining", "score_credit", "train_credit"]

Rows = list[dict[str, Any]]


CreditTraining = Training[CreditEstimator]
"""What a training of this kind yields."""


def train_credit(frame: pd.DataFrame, config: CreditConfig) -> CreditTraining:
    """Learn, judge and fit again the credit rating.

    Args:
        frame: `features.ftr_credit` joined with `is_bad`, eligible rows with a complete outcome
            only; one row per customer and as-of date, in any order.
        config: Settings. The same frame and settings give the same estimator to the last bit.

    Returns:
        The estimator with the rows that describe it. With too little to learn from, or where the
        gate refuses, it says that the expert rating stays.

    Raises:
        FrameError: The frame lacks, repeats or leaves empty a column, or repeats a key.
    """
    sampled = sample_customers(frame, max_rows=config.max_training_rows, seed=config.seed)
    panel = read_panel(sampled, seed=config.seed, is_labelled=True, name="credit training frame")
    train, test = split_panel(panel, config)
    checks = [_history_check(panel, train, config), *count_checks(train, test, config)]
    metrics = [
        *slice_rows("all", panel),
        *slice_rows("train", train),
        *slice_rows("test", test),
    ]
    fitted: Scorecard | None = None
    if is_publishable(checks):
        judgement = judge(train, test, config)
        checks += judgement_checks(judgement, train, fit_scorecard(train, config), config)
        metrics += judgement_rows(judgement, train, test)
        fitted = fit_scorecard(panel, config) if is_publishable(checks) else None
    elif len(np.unique(test.bad)) == 2:
        found, _ = compare(test, {EXPERT: test.expert_points}, config)
        metrics += separation_rows(EXPERT, "test", test, found[EXPERT])
    return training_of(_describe(panel, fitted, checks, config), metrics, checks)


def _history_check(panel: Panel, train: Panel, config: CreditConfig) -> Check:
    return Check(
        "months_for_training_and_test",
        float(len(np.unique(panel.month))),
        f">= {config.min_train_months} months, {config.outcome_months} of embargo and 1 of test",
        len(train) > 0,
        "A rating must be judged on months that lie wholly after those it learnt from.",
    )


def _describe(
    panel: Panel, fitted: Scorecard | None, checks: list[Check], config: CreditConfig
) -> CreditEstimator:
    first = panel.date.min().item() if len(panel) else None
    last = panel.date.max().item() if len(panel) else None
    reason = refusal_reason(checks)
    return CreditEstimator(
        status=PUBLISHED if fitted else NOT_PUBLISHED,
        reason="" if fitted else f"{reason}; the expert rating stays",
        candidate=LEARNT if fitted else EXPERT,
        trained_from=first,
        trained_to=last,
        labels_to=month_end_after(last, config.outcome_months) if last else None,
        row_count=len(panel),
        customer_count=panel.customer_count(),
        positive_count=panel.customer_count(1.0),
        features=FEATURES,
        fitted=fitted,
    )
