"""The space in which customers are near or far, and its checked rows.

Belongs here: reading a frame, logarithms, scaling.
Does not belong here: clusters (`ml.segments.clusters`).

Amounts and counts are skewed: on their own scale a few large customers would be clusters of one.
Logarithms (with the sign kept, for refunds above invoices) make steps of equal factor equal; each
side is then centred and divided by its spread at the review, so that none weighs more by its unit.
What is not known of a customer stands at the mean: it speaks for no group.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.frames import customer_hash, numeric_matrix, require_columns, sort_by_key
from ml.segments.features import FEATURES

Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SegmentRows:
    """Rows of one customer at one as-of date, ordered by customer and date.

    Attributes:
        key: Columns `customer_id` and `as_of_date`.
        date: As-of date.
        order: 64-bit hash of the id, by which samples are drawn.
        amounts: One column per feature, on its own scale; NaN where not measured.
    """

    key: pd.DataFrame
    date: npt.NDArray[np.datetime64]
    order: npt.NDArray[np.uint64]
    amounts: Float

    def __len__(self) -> int:
        return len(self.order)

    def take(self, rows: npt.NDArray[Any]) -> "SegmentRows":
        """Keep some rows, by mask or position."""
        return SegmentRows(
            self.key.iloc[rows], self.date[rows], self.order[rows], self.amounts[rows]
        )


def read_rows(frame: pd.DataFrame, *, seed: int, name: str) -> SegmentRows:
    """Check a frame and order it by key.

    Args:
        frame: `features.ftr_churn`, in any order.
        seed: Seed of the hash that samples are drawn by.
        name: What the frame is, for messages.

    Raises:
        FrameError: Columns are missing or not numeric, or a key is repeated.
    """
    key = ["customer_id", "as_of_date"]
    require_columns(frame, [*key, *FEATURES], filled=key, name=name)
    ordered = sort_by_key(frame, name=name)
    return SegmentRows(
        key=ordered[key],
        date=ordered["as_of_date"].to_numpy(dtype="datetime64[D]"),
        order=customer_hash(ordered["customer_id"], seed=seed),
        amounts=numeric_matrix(ordered, FEATURES, name=name),
    )


def logarithm(values: Float) -> Float:
    """Logarithm of 1 + amount, with the sign of the amount."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float64)


def natural(values: Float) -> Float:
    """The inverse of `logarithm`."""
    return np.asarray(np.sign(values) * np.expm1(np.abs(values)), dtype=np.float64)


@dataclass(frozen=True)
class Scale:
    """Where the middle of each side lies, and how wide it is.

    Attributes:
        columns: Positions of the features that are used, among `FEATURES`.
        centre: Mean of the logarithm of each.
        spread: Its standard deviation.
    """

    columns: npt.NDArray[np.int64]
    centre: Float
    spread: Float

    def apply(self, values: Float) -> Float:
        """Place rows in the space; what is not known stands at the mean."""
        placed = (logarithm(values[:, self.columns]) - self.centre) / self.spread
        return np.asarray(np.nan_to_num(placed, nan=0.0), dtype=np.float64)


def fit_scale(values: Float, *, min_measured: float) -> Scale:
    """Scale the sides that enough customers are known of, and that tell them apart at all."""
    logs = logarithm(values)
    known = ~np.isnan(logs)
    usable = [
        column
        for column in range(logs.shape[1])
        if known[:, column].mean() >= min_measured and np.ptp(logs[known[:, column], column]) > 0
    ]
    columns = np.array(usable, dtype=np.int64)
    chosen = logs[:, columns]
    return Scale(columns, np.nanmean(chosen, axis=0), np.nanstd(chosen, axis=0))
