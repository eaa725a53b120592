"""The checked, ordered form of an upsell frame.

Belongs here: the panel of the probability, with what the amount needs beside it.
Does not belong here: splits, estimators, metrics.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.churn.panel import Panel, read_panel
from ml.errors import FrameError
from ml.frames import numeric_matrix, require_columns, sort_by_key
from ml.upsell.features import FEATURES

Float = npt.NDArray[np.float64]

SUBSCRIBER = "is_subscriber"
BASE = "base_amount"
KIND_NAMES = ("non_contractual", "contractual")
"""Name of each kind of customer, as in `upsell_kind`."""


@dataclass(frozen=True)
class UpsellPanel:
    """Rows of one customer at one as-of date, ordered by customer and date.

    Attributes:
        chance: Keys, features and the outcome: 1 where more was bought, 0 where not.
        base: What more is measured against, in money.
        kind: 1 subscriber, 0 any other.
        amount: By how much more was bought, in money, 0 where it was not; empty where the rows
            are only to be scored.
    """

    chance: Panel
    base: Float
    kind: npt.NDArray[np.int64]
    amount: Float

    def __len__(self) -> int:
        return len(self.chance)

    def take(self, rows: npt.NDArray[np.bool_]) -> "UpsellPanel":
        """Keep the rows where the mask is true."""
        amount = self.amount[rows] if len(self.amount) else self.amount
        return UpsellPanel(self.chance.take(rows), self.base[rows], self.kind[rows], amount)

    def months(self, months: Sequence[int]) -> "UpsellPanel":
        """Keep the rows of some months."""
        return self.take(np.isin(self.chance.month, months))

    @property
    def expanded(self) -> "UpsellPanel":
        """Keep the rows of who bought more."""
        return self.take(self.chance.churned == 1)


def read_upsell(
    frame: pd.DataFrame,
    *,
    seed: int,
    is_labelled: bool,
    name: str,
    features: Sequence[str] = FEATURES,
) -> UpsellPanel:
    """Check a frame of eligible rows and order it by key.

    Args:
        frame: Columns `customer_id`, `as_of_date`, `tier`, the features and, if labelled,
            `is_expanded` and `expansion_amount`.
        seed: Seed of the hash that makes folds.
        is_labelled: Whether the outcome is wanted.
        name: What the frame is, for messages.
        features: The feature columns to read.

    Raises:
        FrameError: Columns are missing, repeated, empty or not numeric, a key is repeated, a base
            is not above 0, or an amount does not go with its outcome.
    """
    own = [BASE, SUBSCRIBER, *(["expansion_amount"] if is_labelled else [])]
    require_columns(frame, own, filled=own, name=name)
    ordered = sort_by_key(frame, name=name)
    chance = read_panel(
        ordered,
        seed=seed,
        is_labelled=is_labelled,
        name=name,
        features=features,
        outcome="is_expanded",
    )
    values = numeric_matrix(ordered, own, name=name)
    base, kind = values[:, 0], values[:, 1]
    if not (base > 0).all():
        raise FrameError(f"{name}: {int((base <= 0).sum())} rows have a base_amount of 0 or less.")
    if not np.isin(kind, (0.0, 1.0)).all():
        raise FrameError(f"{name}: column {SUBSCRIBER} must be 0 or 1.")
    amount = values[:, 2] if is_labelled else np.empty(0)
    if is_labelled and ((amount > 0) != (chance.churned == 1)).any():
        raise FrameError(f"{name}: expansion_amount must be above 0 where is_expanded, else 0.")
    return UpsellPanel(chance, base, kind.astype(np.int64), amount)
