"""The checked, ordered form of the lifetime-value frames.

Belongs here: turning frames into arrays in the order of their key.
Does not belong here: likelihoods, metrics.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv.summary import DAYS_PER_WEEK, Summary, summarise
from ml.errors import FrameError
from ml.frames import KEY, numeric_matrix, require_columns, sort_by_key

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

NUMBERS = (
    "purchase_count",
    "repeat_purchase_count",
    "recency_days",
    "age_days",
    "mean_repeat_purchase_amount",
    "value_12m",
    "net_revenue_ratio",
    "margin_rate",
)
OUTCOMES = ("outcome_months", "purchase_count_after", "value_after")


@dataclass(frozen=True)
class ValuePanel:
    """One row per customer and as-of date, ordered by both.

    Attributes:
        key: `customer_id`, `as_of_date` and `value_basis`, in the order of the arrays.
        date: As-of date.
        tier: Tier; '' where none is known.
        has_bought: Whether there is a purchase to speak of.
        repeats: x, repeat purchases.
        recency: t_x in weeks.
        age: T in weeks.
        amount: Mean amount of repeat purchases; NaN without any.
        value_12m: Value of the last 12 months: revenue or margin, as `value_basis` says.
        net_ratio: What of an invoiced amount stays as revenue after credits.
        margin_rate: What of revenue stays as value: 1 where value is revenue, below 0 where costs
            are above prices.
    """

    key: pd.DataFrame
    date: npt.NDArray[np.datetime64]
    tier: npt.NDArray[np.object_]
    has_bought: Bool
    repeats: Float
    recency: Float
    age: Float
    amount: Float
    value_12m: Float
    net_ratio: Float
    margin_rate: Float

    def __len__(self) -> int:
        return len(self.date)

    def take(self, rows: Bool) -> "ValuePanel":
        """Keep the rows where the mask is true."""
        arrays = {
            name: value[rows] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return replace(self, key=self.key[rows].reset_index(drop=True), **arrays)

    def summary(self) -> Summary:
        """Distinct histories of the rows.

        Raises:
            FitError: A history contradicts itself.
        """
        return summarise(self.repeats, self.recency, self.age)

    @property
    def has_amount(self) -> Bool:
        """Whether repeat purchases with a positive mean amount are known."""
        return np.asarray((self.repeats > 0) & (self.amount > 0), dtype=np.bool_)

    @property
    def amount_count(self) -> Float:
        """Purchases behind the mean amount; 0 where there is none."""
        return np.where(self.has_amount, self.repeats, 0.0)

    @property
    def value_ratio(self) -> Float:
        """What of an invoiced amount stays as value."""
        return self.net_ratio * self.margin_rate


def read_values(frame: pd.DataFrame) -> ValuePanel:
    """Check a frame of `features.ftr_value` and order it by key.

    Raises:
        FrameError: Columns are missing, repeated, empty or not numeric, a key is repeated, or
            a buyer has no history, or a date mixes bases of value.
    """
    name = "value frame"
    require_columns(
        frame,
        [*KEY, "tier", "value_basis", *NUMBERS],
        filled=[*KEY, "value_basis"],
        name=name,
    )
    ordered = sort_by_key(frame, name=name)
    values = numeric_matrix(ordered, NUMBERS, name=name)
    bought = np.nan_to_num(values[:, 0]) > 0
    history = values[:, 1:4]
    lacking = np.isnan(values[:, [1, 2, 3, 6, 7]]).any(axis=1) & bought
    if lacking.any():
        raise FrameError(
            f"{name}: {int(lacking.sum())} rows with purchases lack one of "
            f"{', '.join((*NUMBERS[1:4], *NUMBERS[6:]))}."
        )
    bases = ordered.groupby("as_of_date")["value_basis"].nunique()
    if (bases > 1).any():
        raise FrameError(
            f"{name}: {bases.index[bases > 1][0]:%Y-%m-%d} mixes values of more than one basis; "
            "margin and revenue cannot be compared or added."
        )
    return ValuePanel(
        key=ordered[[*KEY, "value_basis"]],
        date=ordered["as_of_date"].to_numpy(dtype="datetime64[D]"),
        tier=ordered["tier"].astype(object).where(ordered["tier"].notna(), "").to_numpy(object),
        has_bought=bought,
        repeats=history[:, 0],
        recency=history[:, 1] / DAYS_PER_WEEK,
        age=history[:, 2] / DAYS_PER_WEEK,
        amount=values[:, 4],
        value_12m=np.nan_to_num(values[:, 5]),
        net_ratio=values[:, 6],
        margin_rate=values[:, 7],
    )


def read_outcomes(panel: ValuePanel, outcomes: pd.DataFrame, *, months: int) -> tuple[Float, Float]:
    """Purchases and value in the months after each row; NaN where not complete.

    Raises:
        FrameError: Columns are missing, repeated or empty, or a key is repeated.
    """
    name = "value outcomes"
    require_columns(outcomes, [*KEY, *OUTCOMES], filled=[*KEY, *OUTCOMES], name=name)
    if outcomes.empty:
        return np.full(len(panel), np.nan), np.full(len(panel), np.nan)
    ordered = sort_by_key(outcomes[outcomes["outcome_months"] == months], name=name)
    values = numeric_matrix(ordered, OUTCOMES[1:], name=name)
    known = ordered[list(KEY)].assign(purchases=values[:, 0], value=values[:, 1])
    joined = panel.key[list(KEY)].merge(known, on=list(KEY), how="left", validate="one_to_one")
    return (
        np.asarray(joined["purchases"], dtype=np.float64),
        np.asarray(joined["value"], dtype=np.float64),
    )
