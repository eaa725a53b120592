"""How far chance reaches: resampling whole customers, or whole blocks of months.

Belongs here: the draws, standard errors, intervals and p of correlations from them.
Does not belong here: correlations (`ml.association.ranks`), many tests (`.discovery`).

All rows of a customer come or stay away together, since they are alike. A draw weighs the influence
of each row by how often its customer came: no ranks are made anew, so that thousands of draws of a
panel of a million rows take a second. Intervals and p are of Fisher's z = atanh(rho), with the
standard error of the draws and the t distribution of (customers - 1) degrees: a share of draws
beyond 0 cannot fall below 1/draws, which no correction for hundreds of tests would let pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.association.ranks import Correlation, Float, Integer

# Draws that are weighed at once: 100 of 10,000 customers are 8 MB.
_AT_ONCE = 100


@dataclass(frozen=True)
class Estimate:
    """A correlation with what chance leaves open.

    Attributes:
        rho: -1 to 1.
        low: Lower end of its interval.
        high: Upper end of its interval.
        p_value: Probability of one as far from 0 by chance alone.
        clusters: Customers, or blocks of months, that were resampled.
    """

    rho: float
    low: float
    high: float
    p_value: float
    clusters: int


@dataclass(frozen=True)
class Clustered:
    """A correlation and the cluster of each of its rows."""

    correlation: Correlation
    cluster: Integer


class Resampler:
    """Draws of clusters, the same for every test of a run."""

    def __init__(self, clusters: int, *, draws: int, seed: int) -> None:
        """Draw.

        Args:
            clusters: How many there are; a test may have rows of some of them only.
            draws: How many resamples.
            seed: Of the random numbers.
        """
        random = np.random.default_rng(seed)
        self.clusters = clusters
        self._times: npt.NDArray[np.uint8] = np.empty((draws, clusters), dtype=np.uint8)
        for draw in range(draws):
            taken = random.integers(0, clusters, size=clusters)
            self._times[draw] = np.minimum(np.bincount(taken, minlength=clusters), 255)

    def estimate(
        self, found: Sequence[Clustered | None], *, confidence: float
    ) -> list[Estimate | None]:
        """Give each correlation its interval and p; None for none, and for one that is undefined.

        Args:
            found: Correlations; clusters are numbered from 0.
            confidence: Of the intervals.
        """
        there = [each for each in found if each is not None and not np.isnan(each.correlation.rho)]
        if not there:
            return [None] * len(found)
        moved = [self._sums(each.cluster, each.correlation.influence) for each in there]
        counts = [self._sums(each.cluster) for each in there]
        drawn = self._weigh(np.column_stack([*moved, *counts]))
        of_each = iter(
            _estimate(
                each.correlation.rho, drawn[:, k], drawn[:, len(there) + k], counts[k], confidence
            )
            for k, each in enumerate(there)
        )
        return [
            None if each is None or np.isnan(each.correlation.rho) else next(of_each)
            for each in found
        ]

    def _sums(self, cluster: Integer, weights: Float | None = None) -> Float:
        return np.bincount(cluster, weights=weights, minlength=self.clusters).astype(np.float64)

    def _weigh(self, sums: Float) -> Float:
        # One thread: two would add in another order.
        with threadpool_limits(limits=1):
            parts = [
                self._times[start : start + _AT_ONCE].astype(np.float64) @ sums
                for start in range(0, len(self._times), _AT_ONCE)
            ]
        return np.concatenate(parts)


def _estimate(
    rho: float, moved: Float, rows: Float, counts: Float, confidence: float
) -> Estimate | None:
    clusters = int(np.count_nonzero(counts))
    drawn = rows > 0
    if clusters < 2 or not drawn.any():
        return None
    # The draws of few clusters are too close together by this factor.
    corrected = np.sqrt(clusters / (clusters - 1))
    error = float(np.std(moved[drawn] / rows[drawn])) * corrected
    bound = 1 - 1e-12
    centre = float(np.arctanh(np.clip(rho, -bound, bound)))
    error_z = error / max(1 - rho**2, 1e-12)
    reach = float(student.ppf((1 + confidence) / 2, clusters - 1)) * error_z
    if error_z > 0:
        p_value = float(2 * student.sf(abs(centre) / error_z, clusters - 1))
    else:
        p_value = 1.0 if rho == 0 else 0.0
    low, high = float(np.tanh(centre - reach)), float(np.tanh(centre + reach))
    return Estimate(rho, min(low, rho), max(high, rho), p_value, clusters)
