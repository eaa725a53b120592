"""A trained upsell estimator, and scoring with it.

Belongs here: the chance of buying more times the amount, what else the amount may be, the registry
form.
Does not belong here: training and judging (`ml.upsell.training`).

What is expected is P(more) x E(amount | more). P holds staying already: who leaves has not bought
more, and was taught as such. The quantiles named `amount_if_expands_*` are of the amount if more is
bought; those named `upsell_*` are of what will come at all, which is mostly nothing.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.canonical import content_hash
from ml.churn.baseline import RateTable
from ml.churn.estimator import NOT_PUBLISHED, PUBLISHED, ChurnEstimator, probabilities
from ml.errors import OutdatedError
from ml.frames import conform, require_columns, sort_by_key
from ml.upsell.amount import AmountModel
from ml.upsell.panel import KIND_NAMES, UpsellPanel, read_upsell

Float = npt.NDArray[np.float64]

LEFT: Final = "not_active"
"""Why nothing can be bought more: the customer has left already."""
STAND_IN_METHOD: Final = "baseline_rule"
PLACES: Final = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
_BATCH_ROWS: Final = 100_000


@dataclass(frozen=True)
class StandIn:
    """What speaks of a kind of customer that the estimator may not speak of.

    Attributes:
        kind: 1 subscribers, 0 others, as in `UpsellPanel`.
        reason: Why the estimator may not.
        rates: The rule's smoothed rates of customers of that kind.
        amount: The mean of the tier of customers of that kind.
    """

    kind: int
    reason: str
    rates: RateTable
    amount: AmountModel

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {
            **vars(self),
            "rates": self.rates.to_state(),
            "amount": self.amount.to_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "StandIn":
        """The inverse of `to_state`."""
        return cls(
            **{
                **state,
                "rates": RateTable.from_state(state["rates"]),
                "amount": AmountModel.from_state(state["amount"]),
            }
        )


@dataclass(frozen=True)
class UpsellEstimator:
    """An upsell estimator as it may be used: itself, or the rule that stands in for it.

    Attributes:
        chance: The probability of buying more, in the form of an estimator of churn: its outcome
            is that more was bought. It holds status, reason and what was trained on.
        amount: The amount if more is bought.
        stand_ins: What speaks of the kinds of customers that a published estimator was refused
            for; empty where it is not published, which refuses it for all.
    """

    kind: ClassVar[str] = "upsell"

    chance: ChurnEstimator
    amount: AmountModel
    stand_ins: tuple[StandIn, ...] = ()

    @property
    def status(self) -> str:
        """`published`, `not_published` (the rule speaks) or `base_rate` (too little to learn)."""
        return self.chance.status

    @property
    def reason(self) -> str:
        """Why it is not published; where it is, of which kind it may not speak, else empty."""
        return self.chance.reason

    @property
    def candidate(self) -> str:
        """What was chosen for the chance."""
        return self.chance.candidate

    @property
    def trained_from(self) -> date | None:
        """First as-of date of the rows it was fitted on."""
        return self.chance.trained_from

    @property
    def trained_to(self) -> date | None:
        """Last as-of date of these."""
        return self.chance.trained_to

    @property
    def labels_to(self) -> date | None:
        """End of their last label."""
        return self.chance.labels_to

    @property
    def row_count(self) -> int:
        """Rows it was fitted on."""
        return self.chance.row_count

    @property
    def customer_count(self) -> int:
        """Customers among them."""
        return self.chance.customer_count

    @property
    def positive_count(self) -> int:
        """Customers among them who bought more at least once."""
        return self.chance.positive_count

    @property
    def features(self) -> tuple[str, ...]:
        """Feature columns, in the order in which they are read."""
        return self.chance.features

    @property
    def method(self) -> str:
        """How its figures come about: `estimator`, `baseline_rule` or `base_rate`."""
        return self.chance.method

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
        return {
            "chance": self.chance.to_state(),
            "amount": self.amount.to_state(),
            "stand_ins": [each.to_state() for each in self.stand_ins],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "UpsellEstimator":
        """The inverse of `to_state`."""
        return cls(
            ChurnEstimator.from_state(state["chance"]),
            AmountModel.from_state(state["amount"]),
            tuple(StandIn.from_state(each) for each in state["stand_ins"]),
        )


def outlook(panel: UpsellPanel, chance: Float, amount: AmountModel) -> dict[str, Float]:
    """What is expected, and what may come.

    Args:
        panel: Eligible rows.
        chance: Probability of each row that more is bought.
        amount: The amount if more is bought.
    """
    expected = amount.expected(panel)
    found = {"amount_if_expands": expected, "expected_upsell_6m": chance * expected}
    for name, place in PLACES.items():
        found[f"amount_if_expands_{name}"] = amount.quantile(panel, place)
        among = np.clip((place - (1 - chance)) / np.maximum(chance, 1e-12), 0, 1)
        found[f"upsell_{name}"] = np.where(place <= 1 - chance, 0.0, amount.quantile(panel, among))
    return found


def score_upsell(frame: pd.DataFrame, estimator: UpsellEstimator) -> pd.DataFrame:
    """What each customer will buy more in the six months after each as-of date.

    Args:
        frame: `features.ftr_churn` joined with `features.ftr_upsell`; any order, any dates.
        estimator: A trained estimator. If it was refused publication the figures are those of the
            simple rule and the mean of the tier, and `method` and `status` say so.

    Returns:
        The columns of `ml.upsell_predictions`, one row per row of the frame, ordered by key. Of
        who has left already 0 is expected; of others who are not eligible nothing is known. Where
        the estimator was refused for one kind of customer, `method` and `status` of its rows say
        that the rule and the mean of the tier speak.

    Raises:
        FrameError: The frame lacks columns or repeats a key.
        OutdatedError: The estimator reads features that the frame does not have.
    """
    lacking = [name for name in estimator.features if name not in frame.columns]
    if lacking:
        raise OutdatedError(
            f"Estimator {estimator.version} reads features that the upsell frame does not have: "
            f"{', '.join(lacking)}. Train it again."
        )
    name = "upsell frame"
    require_columns(
        frame,
        ["is_eligible", "ineligible_reason", "upsell_kind"],
        filled=["is_eligible"],
        name=name,
    )
    ordered = sort_by_key(frame, name=name)
    eligible = ordered["is_eligible"].astype(bool).to_numpy()
    reason = ordered["ineligible_reason"].astype(object).to_numpy()
    parts = [
        _scored(ordered.iloc[start : start + _BATCH_ROWS], estimator, name)
        for start in range(0, len(ordered), _BATCH_ROWS)
    ]
    figures = pd.concat(parts) if parts else pd.DataFrame(index=ordered.index)
    scored = pd.concat([ordered[["customer_id", "as_of_date", "upsell_kind"]], figures], axis=1)
    if len(scored):
        scored.loc[~eligible & (reason == LEFT), "expected_upsell_6m"] = 0.0
    names = [KIND_NAMES[each.kind] for each in estimator.stand_ins]
    is_stood_in = ordered["upsell_kind"].isin(names).to_numpy()
    is_published = ~is_stood_in & (estimator.status == PUBLISHED)
    return conform(
        scored.assign(
            is_eligible=eligible,
            ineligible_reason=reason,
            method=np.where(is_stood_in, STAND_IN_METHOD, estimator.method),
            status=np.where(is_published, PUBLISHED, NOT_PUBLISHED),
            estimator_version=estimator.version,
        ),
        "upsell_predictions",
    )


def _scored(part: pd.DataFrame, estimator: UpsellEstimator, name: str) -> pd.DataFrame:
    """Figures of the eligible rows of a part; the others stay empty."""
    chosen = part[part["is_eligible"].astype(bool)]
    panel = read_upsell(chosen, seed=0, is_labelled=False, name=name, features=estimator.features)
    figures = _figures(panel, probabilities(panel.chance, estimator.chance), estimator.amount)
    for each in estimator.stand_ins:
        rows = panel.kind == each.kind
        own = panel.take(rows)
        rule = replace(estimator.chance, fitted=None, rates=each.rates)
        for column, values in _figures(own, probabilities(own.chance, rule), each.amount).items():
            figures[column][rows] = values
    return pd.DataFrame(figures, index=chosen.index).reindex(part.index)


def _figures(panel: UpsellPanel, chance: Float, amount: AmountModel) -> dict[str, Float]:
    """Columns of the predictions, of probability, low and high as columns."""
    return {
        "expand_probability": chance[:, 0].copy(),
        "probability_low": chance[:, 1].copy(),
        "probability_high": chance[:, 2].copy(),
        **outlook(panel, chance[:, 0], amount),
    }
