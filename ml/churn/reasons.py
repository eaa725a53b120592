"""Why a customer's churn probability is what it is: the five strongest reasons each way.

Belongs here: the rows of `ml.churn_reasons`.
Does not belong here: how contributions are computed (`ml.churn.contributions`), their words
(`ml.churn.words`), for whom reasons are wanted (the caller).
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.churn.contributions import contributions
from ml.churn.estimator import ChurnEstimator
from ml.churn.panel import read_panel
from ml.churn.words import words_of
from ml.frames import conform, sort_by_key

RAISES: Final = "raises"
LOWERS: Final = "lowers"
TOP: Final = 5

_BATCH_ROWS: Final = 50_000


def churn_reasons(frame: pd.DataFrame, estimator: ChurnEstimator) -> pd.DataFrame:
    """The strongest contributions each way, in words, of every row of a frame.

    Args:
        frame: `features.ftr_churn`, of the customers whose reasons are wanted; any order.
        estimator: The estimator that scored them.

    Returns:
        The columns of `ml.churn_reasons`, ordered by customer, date, direction and rank. Up to
        five rows each way; a feature that adds nothing is no reason. `base_log_odds`, the
        contributions listed and `unlisted_log_odds`, the sum of all others, make
        `score_log_odds`. Empty where a simple rule speaks: it has one number for a whole group,
        and no reasons beyond it.

    Raises:
        FrameError: The frame lacks columns or repeats a key.
    """
    if estimator.fitted is None:
        return conform([], "churn_reasons")
    ordered = sort_by_key(frame, name="churn frame")
    parts = [
        _reasons(ordered.iloc[start : start + _BATCH_ROWS], estimator)
        for start in range(0, len(ordered), _BATCH_ROWS)
    ]
    return conform(pd.concat(parts), "churn_reasons") if parts else conform([], "churn_reasons")


def _reasons(ordered: pd.DataFrame, estimator: ChurnEstimator) -> pd.DataFrame:
    assert estimator.fitted is not None  # noqa: S101
    panel = read_panel(
        ordered, seed=0, is_labelled=False, name="churn frame", features=estimator.features
    )
    found = contributions(estimator.fitted.whole.base, panel.features)
    raises = _strongest(found.parts, RAISES)
    lowers = _strongest(-found.parts, LOWERS)
    picked = pd.concat([raises, lowers]).sort_values(
        ["row", "direction", "reason_rank"], ascending=[True, False, True], kind="stable"
    )
    row, column = picked["row"].to_numpy(), picked["column"].to_numpy()
    unlisted = found.parts.copy()
    unlisted[row, column] = 0.0
    value, usual = panel.features[row, column], estimator.usual_values[column]
    words = [words_of(estimator.features[j]) for j in column]
    sides = list(zip(words, value, usual, strict=True))
    return pd.DataFrame(
        {
            "customer_id": ordered["customer_id"].to_numpy()[row],
            "as_of_date": ordered["as_of_date"].to_numpy()[row],
            "direction": picked["direction"].to_numpy(),
            "reason_rank": picked["reason_rank"].to_numpy(),
            "feature": np.array(estimator.features, dtype=object)[column],
            "feature_value": value,
            "usual_value": usual,
            "contribution_log_odds": found.parts[row, column],
            "base_log_odds": found.base,
            "unlisted_log_odds": unlisted.sum(axis=1)[row],
            "score_log_odds": (found.base + found.parts.sum(axis=1))[row],
            "reason": [word.tell(v, u) for word, v, u in sides],
            "reason_zh": [word.tell_in_chinese(v, u) for word, v, u in sides],
            "reason_method": found.method,
            "estimator_version": estimator.version,
        }
    )


def _strongest(gain: npt.NDArray[np.float64], direction: str) -> pd.DataFrame:
    """Row, column and rank of the greatest gains above 0; equal ones in the order of features."""
    order = np.argsort(-gain, axis=1, kind="stable")[:, :TOP]
    row = np.repeat(np.arange(len(gain)), order.shape[1])
    found = pd.DataFrame(
        {
            "row": row,
            "column": order.ravel(),
            "reason_rank": np.tile(np.arange(1, order.shape[1] + 1), len(gain)),
            "direction": direction,
        }
    )
    return found[gain[found["row"], found["column"]] > 0]
