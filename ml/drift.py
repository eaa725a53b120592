"""The bins in which drift is counted, fixed at training.

Belongs here: how a feature or a score is cut into bins on the training rows, and how many of these
fell into each.
Does not belong here: counting later months (SQL over these bins, `orchestration.drift`), the index
and its verdict (the mart `estimator_drift`).

Bin 0 is 'not measured'. The others are cut at the tenths of the training rows; equal tenths make
fewer bins, and a feature with few values has a bin for each. A bin holds values above `from_value`
up to and with `to_value`; the first and the last are open.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

BINS: Final = 10


@dataclass(frozen=True)
class ReferenceBins:
    """The training distribution of one feature or score.

    Attributes:
        kind: `feature` or `score`.
        subject: Name of the feature, or of the score's column.
        edges: Inner limits, rising.
        counts: Training rows not measured, then those in each bin.
    """

    kind: str
    subject: str
    edges: Float
    counts: npt.NDArray[np.int64]

    def rows(self) -> list[dict[str, Any]]:
        """One row per bin."""
        limits = [None, *(float(edge) for edge in self.edges), None]
        empty = {"from_value": None, "to_value": None}
        return [
            {
                "subject_kind": self.kind,
                "subject": self.subject,
                "bin_number": number,
                "reference_count": int(count),
                **(
                    {"from_value": limits[number - 1], "to_value": limits[number]}
                    if number
                    else empty
                ),
            }
            for number, count in enumerate(self.counts)
        ]

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return dict(vars(self))


def reference_bins(kind: str, subject: str, values: Float) -> ReferenceBins:
    """Cut the training values of one subject into bins and count them; NaN is not measured."""
    known = values[~np.isnan(values)]
    edges = np.empty(0)
    if len(known):
        tenths = np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf")
        edges = np.unique(tenths[tenths < known.max()])
    numbers = np.searchsorted(edges, known, side="left") + 1
    counts = np.bincount(numbers, minlength=len(edges) + 2)
    counts[0] = len(values) - len(known)
    return ReferenceBins(kind, subject, edges, counts.astype(np.int64))
