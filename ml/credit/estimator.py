"""The credit rating that may be used, and how it scores.

Belongs here: the object that training makes, the registry stores and scoring reads.
Does not belong here: training and judging it.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from ml.canonical import content_hash
from ml.churn.estimator import NOT_PUBLISHED, PUBLISHED
from ml.credit.features import FEATURES
from ml.credit.panel import read_panel
from ml.credit.points import REASONS, Scorecard
from ml.errors import OutdatedError
from ml.frames import conform, require_columns, sort_by_key

__all__ = ["NOT_PUBLISHED", "PUBLISHED", "CreditEstimator", "score_credit"]

_METHODS: Final = {PUBLISHED: "learnt", NOT_PUBLISHED: "expert"}
_PLAIN: Final = (
    "status",
    "reason",
    "candidate",
    "row_count",
    "customer_count",
    "positive_count",
)
_DATES: Final = ("trained_from", "trained_to", "labels_to")


@dataclass(frozen=True)
class CreditEstimator:
    """The learnt rating, or the word that the expert rating stays.

    Attributes:
        status: `published` or `not_published` (the expert rating stays).
        reason: Why it is not published; empty where it is.
        candidate: `learnt`, or `expert` where that stays.
        trained_from: First as-of date of the rows that it was fitted on.
        trained_to: Last as-of date of these.
        labels_to: End of their last outcome.
        row_count: Rows it was fitted on.
        customer_count: Customers among them.
        positive_count: Customers among them who went bad.
        features: Feature columns, in the order in which they are read.
        fitted: The scorecard; None unless published.
    """

    kind: ClassVar[str] = "credit"

    status: str
    reason: str
    candidate: str
    trained_from: date | None
    trained_to: date | None
    labels_to: date | None
    row_count: int
    customer_count: int
    positive_count: int
    features: tuple[str, ...]
    fitted: Scorecard | None

    @property
    def method(self) -> str:
        """Whose points count: `learnt` or `expert`."""
        return _METHODS[self.status]

    @cached_property
    def content_hash(self) -> str:
        """Canonical hash of parameters and arrays."""
        return content_hash(self.to_state())

    @property
    def version(self) -> str:
        """Name of exactly this estimator."""
        return f"{self.kind}-{self.content_hash[:12]}"

    def bins(self) -> pd.DataFrame:
        """The scorecard as `ml.credit_bins`; no rows where the expert rating stays."""
        name = {"estimator": self.kind, "estimator_version": self.version}
        rows = self.fitted.rows() if self.fitted else []
        return conform([{**name, **row} for row in rows], "credit_bins")

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays, for the registry."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{
                name: getattr(self, name).isoformat() if getattr(self, name) else None
                for name in _DATES
            },
            "features": list(self.features),
            "fitted": self.fitted.to_state() if self.fitted else None,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "CreditEstimator":
        """The inverse of `to_state`."""
        dates = {name: date.fromisoformat(state[name]) if state[name] else None for name in _DATES}
        fitted = Scorecard.from_state(state["fitted"]) if state["fitted"] else None
        return cls(**{**state, **dates, "features": tuple(state["features"]), "fitted": fitted})


def score_credit(frame: pd.DataFrame, estimator: CreditEstimator) -> pd.DataFrame:
    """Points, probability of going bad within twelve months, and reasons.

    Args:
        frame: `features.ftr_credit` with `is_already_bad`; any order, any as-of dates.
        estimator: A trained estimator. If it was refused publication there are no points, and
            `method` says that the expert's count.

    Returns:
        The columns of `ml.credit_predictions`, one row per row of the frame, ordered by key. Who
        is bad already has no points: nothing is left to foresee, and the expert's count.

    Raises:
        FrameError: The frame lacks columns or repeats a key.
        OutdatedError: The estimator reads other features than this code provides.
    """
    if estimator.features != FEATURES:
        raise OutdatedError(
            f"Estimator {estimator.version} reads the features {', '.join(estimator.features)}; "
            f"this code provides {', '.join(FEATURES)}. Train it again."
        )
    require_columns(frame, ["is_already_bad"], filled=["is_already_bad"], name="credit frame")
    ordered = sort_by_key(frame, name="credit frame")
    panel = read_panel(ordered, seed=0, is_labelled=False, name="credit frame")
    rated = ~ordered["is_already_bad"].astype(bool).to_numpy()
    if estimator.fitted is None:
        rated = np.zeros(len(panel), dtype=np.bool_)
    points = np.full(len(panel), np.nan)
    probability = np.full(len(panel), np.nan)
    reasons = np.full((REASONS, len(panel)), None, dtype=object)
    if estimator.fitted is not None and rated.any():
        features = panel.features[rated]
        points[rated] = estimator.fitted.total(features)
        probability[rated] = estimator.fitted.probability(features)
        for rank, said in enumerate(estimator.fitted.reasons(features)):
            reasons[rank, rated] = said
    scored = ordered[["customer_id", "as_of_date"]].assign(
        credit_points=points,
        bad_probability=probability,
        **{f"reason_{rank + 1}": reasons[rank] for rank in range(REASONS)},
        method=np.where(rated, _METHODS[PUBLISHED], _METHODS[NOT_PUBLISHED]),
        status=estimator.status,
        estimator_version=estimator.version,
    )
    return conform(scored, "credit_predictions")
