"""Whether an estimator treats groups of customers alike.

Belongs here: rates of selection, hit rates and calibration within groups, and which differences are
flagged. Does not belong here: what a group is (the model `ftr_customer_groups`), what is done about
a flag: a person decides.

Selected is who is above the threshold of the 40 % rule. The *selection ratio* of a group is its
rate over that of the group selected most; below 0.8 it is flagged. The *hit rate* (true positive
rate) is the share of those who left that was selected; more than 0.10 below the best group is
flagged. *Calibration within the group* is predicted less observed churn, with a 95 % interval by
customer; one that leaves out 0 is flagged. A group of fewer than 100 customers is not assessable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

Float = npt.NDArray[np.float64]

THRESHOLD: Final = 0.40
MIN_CUSTOMERS: Final = 100
MIN_RATIO: Final = 0.8
MAX_HIT_GAP: Final = 0.10


@dataclass(frozen=True)
class GroupResult:
    """One group of customers on the test slice; NaN where it is not assessable.

    Attributes:
        kind: What makes the groups: region, customer kind, tier.
        group: The group.
        customers: Customers in it.
        rows: Rows of these.
        measures: `selection_rate`, `selection_ratio`, `hit_rate`, `hit_rate_gap`,
            `calibration_gap`, `base_rate`.
        gap_interval: 95 % interval of the calibration gap.
        flags: Names of the measures that are flagged.
    """

    kind: str
    group: str
    customers: int
    rows: int
    measures: Mapping[str, float]
    gap_interval: tuple[float, float]
    flags: tuple[str, ...]

    @property
    def is_assessable(self) -> bool:
        """Whether there are enough customers to say anything."""
        return self.customers >= MIN_CUSTOMERS


def assess_groups(
    kind: str,
    group: npt.NDArray[np.object_],
    customer: npt.NDArray[np.int64],
    churned: Float,
    probability: Float,
) -> list[GroupResult]:
    """Compare the groups of one kind; who belongs to no known group ('') is left out."""
    names = [name for name in np.unique(group.astype(str)) if name]
    rows = {name: group.astype(str) == name for name in names}
    enough = [n for n in names if len(np.unique(customer[rows[n]])) >= MIN_CUSTOMERS]
    rates = {n: float((probability[rows[n]] > THRESHOLD).mean()) for n in enough}
    hits = {n: _hit_rate(churned[rows[n]], probability[rows[n]]) for n in enough}
    most = max(rates.values(), default=0.0)
    best = max((hit for hit in hits.values() if not np.isnan(hit)), default=float("nan"))
    results = []
    for name in names:
        part = rows[name]
        count, size = len(np.unique(customer[part])), int(part.sum())
        if name not in rates:
            none: dict[str, float] = {}
            results.append(GroupResult(kind, name, count, size, none, (np.nan, np.nan), ()))
            continue
        gap, low, high = _calibration_gap(customer[part], churned[part], probability[part])
        measures = {
            "selection_rate": rates[name],
            "selection_ratio": rates[name] / most if most > 0 else float("nan"),
            "hit_rate": hits[name],
            "hit_rate_gap": best - hits[name],
            "calibration_gap": gap,
            "base_rate": float(churned[part].mean()),
        }
        flagged = {
            "selection_ratio": measures["selection_ratio"] < MIN_RATIO,
            "hit_rate_gap": measures["hit_rate_gap"] > MAX_HIT_GAP,
            "calibration_gap": low > 0 or high < 0,
        }
        flags = tuple(measure for measure, is_flagged in flagged.items() if is_flagged)
        results.append(GroupResult(kind, name, count, size, measures, (low, high), flags))
    return results


def _hit_rate(churned: Float, probability: Float) -> float:
    left = churned == 1
    return float((probability[left] > THRESHOLD).mean()) if left.any() else float("nan")


def _calibration_gap(
    customer: npt.NDArray[np.int64], churned: Float, probability: Float
) -> tuple[float, float, float]:
    """Mean predicted less observed, with an interval in which rows of one customer go together."""
    difference = probability - churned
    gap = float(difference.mean())
    codes = np.unique(customer, return_inverse=True)[1]
    sums = np.bincount(codes, weights=difference - gap)
    count = len(sums)
    error = float(np.sqrt((sums**2).sum() * count / max(count - 1, 1))) / len(difference)
    reach = float(norm.ppf(0.975)) * error
    return gap, gap - reach, gap + reach
