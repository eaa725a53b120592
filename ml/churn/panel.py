"""The checked, ordered form of a churn frame.

Belongs here: turning a frame into arrays, once, in the order of its key.
Does not belong here: splits, estimators, metrics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.churn.features import FEATURES
from ml.errors import FrameError
from ml.frames import customer_hash, numeric_matrix, require_columns, sort_by_key

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Text = npt.NDArray[np.object_]

GROUP_PREFIX: Final = "group_"
"""Columns that only divide customers into groups begin so; no estimator reads them."""


@dataclass(frozen=True)
class Panel:
    """Rows of one customer at one as-of date, ordered by customer and date.

    Attributes:
        customer: Number of the customer, 0.., one number per id.
        fold_hash: 64-bit hash of the id, from which folds are made.
        month: Year times 12 plus month of the as-of date.
        date: As-of date.
        tier: Tier at the as-of date; '' where none is known.
        names: Names of the features.
        features: One column per name, NaN where not measured.
        churned: 1 where the outcome came (for churn: left), 0 where not; empty where the rows are
            only to be scored.
        groups: What divides customers into groups (region, say) -> group of each row, '' where
            not known.
    """

    customer: Int
    fold_hash: npt.NDArray[np.uint64]
    month: Int
    date: npt.NDArray[np.datetime64]
    tier: npt.NDArray[np.object_]
    names: tuple[str, ...]
    features: Float
    churned: Float
    groups: Mapping[str, Text] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: npt.NDArray[np.bool_]) -> "Panel":
        """Keep the rows where the mask is true."""
        return replace(
            self,
            customer=self.customer[rows],
            fold_hash=self.fold_hash[rows],
            month=self.month[rows],
            date=self.date[rows],
            tier=self.tier[rows],
            features=self.features[rows],
            churned=self.churned[rows] if len(self.churned) else self.churned,
            groups={name: group[rows] for name, group in self.groups.items()},
        )

    def feature(self, name: str) -> Float:
        """One feature column."""
        return self.features[:, self.names.index(name)]

    def is_measured(self) -> npt.NDArray[np.bool_]:
        """Which features may be learnt from: one per feature.

        A feature needs a value in the months of at least half of the rows. One that began to be
        measured late would mostly tell late months from early ones, and with them their season.
        """
        months, rows = np.unique(self.month, return_counts=True)
        measured = np.zeros(len(self.names))
        for month, count in zip(months, rows, strict=True):
            known = ~np.isnan(self.features[self.month == month]).all(axis=0)
            measured += count * known
        return np.asarray((measured > 0) & (2 * measured >= len(self)))

    def customer_count(self, churned: float | None = None) -> int:
        """Number of customers, or of those with at least one row of that label."""
        rows = slice(None) if churned is None else self.churned == churned
        return len(np.unique(self.customer[rows]))


def month_number(date: pd.Series) -> Int:
    """Year times 12 plus month, so that months can be counted."""
    return np.asarray(date.dt.year * 12 + date.dt.month, dtype=np.int64)


def read_panel(
    frame: pd.DataFrame,
    *,
    seed: int,
    is_labelled: bool,
    name: str,
    features: Sequence[str] = FEATURES,
    outcome: str = "is_churned",
) -> Panel:
    """Check a frame and order it by key.

    Args:
        frame: Columns `customer_id`, `as_of_date`, `tier`, the features and, if labelled,
            the outcome; columns that begin with `group_` become groups.
        seed: Seed of the hash that makes folds.
        is_labelled: Whether the outcome is wanted.
        name: What the frame is, for messages.
        features: The feature columns to read.
        outcome: The column with what is to be foreseen, true or false.

    Raises:
        FrameError: Columns are missing, repeated, empty or not numeric, or a key is repeated.
    """
    key = ["customer_id", "as_of_date", *([outcome] if is_labelled else [])]
    require_columns(frame, [*key, "tier", *features], filled=key, name=name)
    ordered = sort_by_key(frame, name=name)
    values = numeric_matrix(ordered, features, name=name)
    if len(ordered) and np.isnan(values).all():
        raise FrameError(f"{name}: all feature columns are empty: {', '.join(features)}.")
    churned = np.empty(0)
    if is_labelled:
        churned = np.asarray(ordered[outcome].astype("float64"), dtype=np.float64)
    if not np.isin(churned, (0.0, 1.0)).all():
        raise FrameError(f"{name}: column {outcome} must be true or false.")
    return Panel(
        customer=pd.factorize(ordered["customer_id"])[0].astype(np.int64),
        fold_hash=customer_hash(ordered["customer_id"], seed=seed),
        month=month_number(ordered["as_of_date"]),
        date=ordered["as_of_date"].to_numpy(dtype="datetime64[D]"),
        tier=_text(ordered["tier"]),
        names=tuple(features),
        features=values,
        churned=churned,
        groups={
            str(column).removeprefix(GROUP_PREFIX): _text(ordered[column])
            for column in ordered.columns
            if str(column).startswith(GROUP_PREFIX)
        },
    )


def _text(column: pd.Series) -> Text:
    return column.astype(object).where(column.notna(), "").to_numpy(object)
