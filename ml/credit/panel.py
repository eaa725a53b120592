"""The checked, ordered form of a credit frame.

Belongs here: turning a frame into arrays, once, in the order of its key; dividing them in time
and by customer.
Does not belong here: bins, points, metrics.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.credit.config import CreditConfig
from ml.credit.features import FEATURES
from ml.errors import FrameError
from ml.frames import customer_hash, numeric_matrix, require_columns, sort_by_key

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """Rows of one customer at one as-of date, ordered by customer and date.

    Attributes:
        customer: Number of the customer, 0.., one number per id.
        fold_hash: 64-bit hash of the id, from which groups are made.
        month: Year times 12 plus month of the as-of date.
        date: As-of date.
        features: One column per feature, NaN where not measured.
        expert_points: Points of the expert rating.
        bad: 1 bad, 0 good; empty where the rows are only to be scored.
    """

    customer: Int
    fold_hash: npt.NDArray[np.uint64]
    month: Int
    date: npt.NDArray[np.datetime64]
    features: Float
    expert_points: Float
    bad: Float

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: Mask) -> "Panel":
        """Keep the rows where the mask is true."""
        return Panel(
            customer=self.customer[rows],
            fold_hash=self.fold_hash[rows],
            month=self.month[rows],
            date=self.date[rows],
            features=self.features[rows],
            expert_points=self.expert_points[rows],
            bad=self.bad[rows] if len(self.bad) else self.bad,
        )

    def customer_count(self, bad: float | None = None) -> int:
        """Number of customers, or of those with at least one row of that outcome."""
        rows = slice(None) if bad is None else self.bad == bad
        return len(np.unique(self.customer[rows]))


def read_panel(frame: pd.DataFrame, *, seed: int, is_labelled: bool, name: str) -> Panel:
    """Check a frame and order it by key.

    Args:
        frame: Columns `customer_id`, `as_of_date`, the features, `expert_points` and, if
            labelled, `is_bad`.
        seed: Seed of the hash that divides the customers.
        is_labelled: Whether `is_bad` is wanted.
        name: What the frame is, for messages.

    Raises:
        FrameError: Columns are missing, repeated, empty or not numeric, or a key is repeated.
    """
    key = ["customer_id", "as_of_date", *(["is_bad"] if is_labelled else [])]
    required = [*key, *FEATURES, "expert_points"]
    require_columns(frame, required, filled=[*key, "expert_points"], name=name)
    ordered = sort_by_key(frame, name=name)
    bad = np.empty(0)
    if is_labelled:
        bad = np.asarray(ordered["is_bad"].astype("float64"), dtype=np.float64)
    if not np.isin(bad, (0.0, 1.0)).all():
        raise FrameError(f"{name}: column is_bad must be true or false.")
    date = ordered["as_of_date"]
    return Panel(
        customer=pd.factorize(ordered["customer_id"])[0].astype(np.int64),
        fold_hash=customer_hash(ordered["customer_id"], seed=seed),
        month=np.asarray(date.dt.year * 12 + date.dt.month, dtype=np.int64),
        date=date.to_numpy(dtype="datetime64[D]"),
        features=numeric_matrix(ordered, FEATURES, name=name),
        expert_points=numeric_matrix(ordered, ["expert_points"], name=name)[:, 0],
        bad=bad,
    )


def split_panel(panel: Panel, config: CreditConfig) -> tuple[Panel, Panel]:
    """Divide rows in time: earlier months to learn from, the last ones to test on.

    Training is on as-of dates whose twelve months of outcome had ended by the first date of the
    test, so that no outcome stands on both sides.

    Returns:
        (training, test); both empty where the history has no room for them.
    """
    months = np.unique(panel.month)
    for width in range(min(config.test_months, len(months)), 0, -1):
        first_test = months[-width]
        train_months = months[months <= first_test - config.outcome_months]
        if len(train_months) >= config.min_train_months:
            train = panel.take(np.isin(panel.month, train_months))
            return train, panel.take(panel.month >= first_test)
    nothing = np.zeros(len(panel), dtype=np.bool_)
    return panel.take(nothing), panel.take(nothing)


def customer_groups(panel: Panel, config: CreditConfig) -> Int:
    """Group of the customer of each row, from 0 to `folds` - 1, by hash."""
    return (panel.fold_hash % np.uint64(config.folds)).astype(np.int64)
