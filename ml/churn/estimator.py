"""The trained churn estimator and how it scores.

Belongs here: the object that training makes, the registry stores and scoring reads.
Does not belong here: training and judging it.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.canonical import content_hash
from ml.churn.baseline import RateTable
from ml.churn.candidates import Candidate
from ml.churn.panel import Panel, read_panel
from ml.churn.surrogate import Surrogate
from ml.drift import ReferenceBins
from ml.errors import OutdatedError
from ml.frames import conform, require_columns, sort_by_key

Float = npt.NDArray[np.float64]

PUBLISHED: Final = "published"
NOT_PUBLISHED: Final = "not_published"
BASE_RATE: Final = "base_rate"
LONG_CYCLE: Final = "long_cycle"
"""Why who buys about once a year is not eligible: six months without a purchase say nothing."""
LONG_CYCLE_METHOD: Final = "long_cycle_base_rate"

_METHODS: Final = {PUBLISHED: "estimator", NOT_PUBLISHED: "baseline_rule", BASE_RATE: "base_rate"}
_BATCH_ROWS: Final = 100_000


@dataclass(frozen=True)
class ChurnEstimator:
    """A churn estimator as it may be used: itself, or the rule that stands in for it.

    Attributes:
        status: `published`, `not_published` (the gate refused it, the rule speaks) or
            `base_rate` (too little to learn from).
        reason: Why it is not published; empty where it is.
        candidate: The estimator chosen, or the rule where none could be trained.
        trained_from: First as-of date of the rows that the scoring object was fitted on.
        trained_to: Last as-of date of these.
        labels_to: End of their last label.
        row_count: Rows it was fitted on.
        customer_count: Customers among them.
        positive_count: Customers among them with at least one churned row.
        interval_level: Level of the interval of a probability.
        features: Feature columns, in the order in which they are read.
        fitted: The estimator; None unless published.
        rates: The rule's smoothed rates.
        usual: Median of each feature among the rows it was fitted on; NaN where most of them
            have no value. None unless published.
        surrogate: A tree of three questions that imitates it; None unless published.
        reference: Features and probability of the training rows in bins, to count drift in.
        long_cycle: Smoothed rates, by tier, of customers without a contract, who buyers of a long
            cycle are given; None for other outcomes than churn.
    """

    kind: ClassVar[str] = "churn"

    status: str
    reason: str
    candidate: str
    trained_from: date | None
    trained_to: date | None
    labels_to: date | None
    row_count: int
    customer_count: int
    positive_count: int
    interval_level: float
    features: tuple[str, ...]
    fitted: Candidate | None
    rates: RateTable
    usual: npt.NDArray[np.float64] | None
    surrogate: Surrogate | None
    reference: tuple[ReferenceBins, ...]
    long_cycle: RateTable | None = None

    @property
    def method(self) -> str:
        """How its probabilities come about: `estimator`, `baseline_rule` or `base_rate`."""
        return _METHODS[self.status]

    @cached_property
    def content_hash(self) -> str:
        """Canonical hash of parameters and arrays."""
        return content_hash(self.to_state())

    @property
    def version(self) -> str:
        """Name of exactly this estimator."""
        return f"{self.kind}-{self.content_hash[:12]}"

    def to_state(self) -> dict[str, Any]:
        """Plain values, arrays and scikit-learn objects, for the registry."""
        plain = {
            name: getattr(self, name)
            for name in (
                "status",
                "reason",
                "candidate",
                "row_count",
                "customer_count",
                "positive_count",
                "interval_level",
            )
        }
        dates = {
            name: getattr(self, name).isoformat() if getattr(self, name) else None
            for name in ("trained_from", "trained_to", "labels_to")
        }
        return {
            **plain,
            **dates,
            "features": list(self.features),
            "fitted": self.fitted.to_state() if self.fitted else None,
            "rates": self.rates.to_state(),
            "usual": self.usual,
            "surrogate": self.surrogate.to_state() if self.surrogate else None,
            "reference": [bins.to_state() for bins in self.reference],
            "long_cycle": self.long_cycle.to_state() if self.long_cycle else None,
        }

    @property
    def usual_values(self) -> npt.NDArray[np.float64]:
        """The usual value of each feature; NaN where none is known."""
        return np.full(len(self.features), np.nan) if self.usual is None else self.usual

    def surrogate_nodes(self) -> pd.DataFrame:
        """The rows of `ml.estimator_surrogates`; none without a surrogate."""
        name = {"estimator": self.kind, "estimator_version": self.version}
        rows = self.surrogate.nodes() if self.surrogate else []
        return conform([{**name, **row} for row in rows], "estimator_surrogates")

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ChurnEstimator":
        """The inverse of `to_state`."""
        dates = {
            name: date.fromisoformat(state[name]) if state[name] else None
            for name in ("trained_from", "trained_to", "labels_to")
        }
        fitted = Candidate.from_state(state["fitted"]) if state["fitted"] else None
        surrogate, long_cycle = state["surrogate"], state.get("long_cycle")
        return cls(
            **{
                **state,
                **dates,
                "features": tuple(state["features"]),
                "fitted": fitted,
                "rates": RateTable.from_state(state["rates"]),
                "surrogate": Surrogate.from_state(surrogate) if surrogate else None,
                "reference": tuple(ReferenceBins(**bins) for bins in state["reference"]),
                "long_cycle": RateTable.from_state(long_cycle) if long_cycle else None,
            }
        )


def score_churn(frame: pd.DataFrame, estimator: ChurnEstimator) -> pd.DataFrame:
    """Probability of churn in the months after each as-of date.

    Args:
        frame: `features.ftr_churn` with `is_eligible` and, where known, `ineligible_reason`; any
            order, any as-of dates.
        estimator: A trained estimator. If it was refused publication the probabilities are
            those of the simple rule, and `method` and `status` say so.

    Returns:
        The columns of `ml.churn_predictions`, one row per row of the frame, ordered by key.
        Rows that are not eligible have null probabilities, but for buyers of a long cycle: these
        have the base rate of customers without a contract of their tier, and their `method` says
        so.

    Raises:
        FrameError: The frame lacks columns or repeats a key.
        OutdatedError: The estimator reads features that the frame does not have.
    """
    lacking = [name for name in estimator.features if name not in frame.columns]
    if lacking:
        raise OutdatedError(
            f"Estimator {estimator.version} reads features that the churn frame does not have: "
            f"{', '.join(lacking)}. Train it again."
        )
    require_columns(frame, ["is_eligible"], filled=["is_eligible"], name="churn frame")
    ordered = sort_by_key(frame, name="churn frame")
    panel = read_panel(
        ordered, seed=0, is_labelled=False, name="churn frame", features=estimator.features
    )
    eligible = ordered["is_eligible"].astype(bool).to_numpy()
    found = np.full((len(panel), 3), np.nan)
    positions = np.flatnonzero(eligible)
    for start in range(0, len(positions), _BATCH_ROWS):
        rows = np.isin(np.arange(len(panel)), positions[start : start + _BATCH_ROWS])
        found[rows] = probabilities(panel.take(rows), estimator)
    method = np.full(len(panel), estimator.method, dtype=object)
    if "ineligible_reason" in ordered and estimator.long_cycle is not None:
        rows = ordered["ineligible_reason"].eq(LONG_CYCLE).fillna(False).to_numpy(dtype=bool)
        found[rows] = _rates(panel.take(rows), estimator.long_cycle, estimator.interval_level)
        method[rows] = LONG_CYCLE_METHOD
    scored = ordered[["customer_id", "as_of_date"]].assign(
        churn_probability=found[:, 0],
        probability_low=found[:, 1],
        probability_high=found[:, 2],
        method=method,
        estimator_version=estimator.version,
        status=PUBLISHED if estimator.status == PUBLISHED else NOT_PUBLISHED,
        is_eligible=eligible,
    )
    return conform(scored, "churn_predictions")


def probabilities(panel: Panel, estimator: ChurnEstimator) -> np.ndarray[Any, Any]:
    """Probability, low and high of each row, as columns."""
    level = estimator.interval_level
    if estimator.fitted is None:
        return _rates(panel, estimator.rates, level)
    middle = estimator.fitted.probability(panel.features)
    low, high = estimator.fitted.interval(panel.features, level=level)
    return _within(middle, low, high)


def _rates(panel: Panel, rates: RateTable, level: float) -> np.ndarray[Any, Any]:
    return _within(rates.probability(panel), *rates.interval(panel, level=level))


def _within(middle: Float, low: Float, high: Float) -> np.ndarray[Any, Any]:
    return np.column_stack([middle, np.minimum(low, middle), np.maximum(high, middle)])
