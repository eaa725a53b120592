"""What a customer's history is reduced to for the purchase-count estimators.

Belongs here: the summary (x, t_x, T) in weeks and its reduction to distinct values.
Does not belong here: likelihoods.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.errors import FitError

Float = npt.NDArray[np.float64]

DAYS_PER_WEEK: Final = 7.0
WEEKS_PER_MONTH: Final = 365.25 / 12 / DAYS_PER_WEEK


@dataclass(frozen=True)
class Summary:
    """Distinct purchase histories and how many customers share each.

    Attributes:
        repeats: x, repeat purchases (five purchases are 4).
        recency: t_x, weeks from the first to the last purchase.
        age: T, weeks from the first purchase to the as-of date.
        weight: Customers with this history.
    """

    repeats: Float
    recency: Float
    age: Float
    weight: Float

    @property
    def customers(self) -> float:
        """All customers."""
        return float(self.weight.sum())

    @property
    def columns(self) -> tuple[Float, Float, Float, Float]:
        """Repeats, recency, age and weight."""
        return self.repeats, self.recency, self.age, self.weight

    @cached_property
    def distinct_repeats(self) -> tuple[Float, npt.NDArray[np.intp]]:
        """Distinct x, and the place of each history's among them: there are few."""
        found, place = np.unique(self.repeats, return_inverse=True)
        return found, place


def summarise(repeats: Float, recency: Float, age: Float) -> Summary:
    """Reduce customers to distinct histories, ordered, so that sums do not depend on order.

    Raises:
        FitError: A history contradicts itself.
    """
    histories = pd.DataFrame({"x": repeats, "t": recency, "age": age}, dtype=np.float64)
    wrong = (
        histories.isna().any(axis=1)
        | (histories < 0).any(axis=1)
        | (histories["t"] > histories["age"])
        | ((histories["x"] == 0) & (histories["t"] > 0))
    )
    if wrong.any():
        raise FitError(
            f"{int(wrong.sum())} of {len(histories)} purchase histories contradict themselves: "
            "expected repeats >= 0 and 0 <= recency <= age, recency 0 without repeats."
        )
    counts = histories.groupby(["x", "t", "age"], sort=True).size()
    values = counts.index.to_frame().to_numpy(dtype=np.float64)
    weight = np.asarray(counts, dtype=np.float64)
    return Summary(values[:, 0], values[:, 1], values[:, 2], weight)
