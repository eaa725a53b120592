"""Clusters of one review: how many, how distinct, how stable.

Belongs here: k-means, silhouette, stability, the choice of the number.
Does not belong here: names, reviews among each other, scoring.

**Stability.** Customers are resampled, clusters are found again in the resample, and all customers
are put into these. The adjusted Rand index (Hubert and Arabie 1985) compares that with the clusters
of all: 1 the same groups, 0 no more than chance (Hennig 2007). Numbers of clusters whose mean index
is below the least stability, or whose smallest cluster is too small, are out; of the others the one
with the highest silhouette (Rousseeuw 1987) is taken, the smaller where equal. The number of the
review before is kept where it is as good but for `tolerance`: groups that come and go by the third
decimal of a silhouette mean nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.segments.config import SegmentConfig

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clustering:
    """One number of clusters, tried.

    Attributes:
        centroids: One row per cluster.
        label: Cluster of each row.
        silhouette: Mean silhouette: 1 apart, 0 touching, below 0 mixed up.
        stability: Mean adjusted Rand index over resamples.
        smallest_share: Share of the smallest cluster.
    """

    centroids: Float
    label: Int
    silhouette: float
    stability: float
    smallest_share: float

    @property
    def count(self) -> int:
        """Number of clusters."""
        return len(self.centroids)


def nearest(points: Float, centroids: Float) -> tuple[Int, Float]:
    """Nearest centroid of each point, and the distance to it."""
    squares = (
        (points**2).sum(axis=1)[:, None]
        - 2 * points @ centroids.T
        + (centroids**2).sum(axis=1)[None, :]
    )
    label = squares.argmin(axis=1)
    distance = np.sqrt(np.maximum(squares[np.arange(len(points)), label], 0.0))
    return label.astype(np.int64), distance


def try_count(
    points: Float, order: npt.NDArray[np.uint64], count: int, config: SegmentConfig
) -> Clustering:
    """Find so many clusters, and say how distinct and how stable they are.

    Args:
        points: Customers in the scaled space, in the order of their key.
        order: Hash of each, by which the sample of the silhouette is drawn.
        count: How many clusters.
        config: Settings.
    """
    centroids = _centroids(points, count, config, config.restarts)
    label, _ = nearest(points, centroids)
    sample = np.sort(np.argsort(order, kind="stable")[: config.silhouette_customers])
    parts = len(np.unique(label[sample]))
    distinct = silhouette_score(points[sample], label[sample]) if parts > 1 else float("nan")
    rng = np.random.default_rng(config.seed + count)
    found = []
    for _ in range(config.resamples):
        drawn = np.sort(rng.integers(0, len(points), len(points)))
        again, _ = nearest(
            points, _centroids(points[drawn], count, config, max(config.restarts // 3, 1))
        )
        found.append(adjusted_rand_score(label, again))
    shares = np.bincount(label, minlength=count) / len(points)
    return Clustering(centroids, label, float(distinct), float(np.mean(found)), float(shares.min()))


def _centroids(points: Float, count: int, config: SegmentConfig, restarts: int) -> Float:
    """Centroids in an order that says nothing of how the search ran."""
    search = KMeans(count, n_init=restarts, random_state=config.seed, algorithm="lloyd")
    with threadpool_limits(limits=1):
        found = np.asarray(search.fit(points).cluster_centers_, dtype=np.float64)
    return found[np.lexsort(found.T[::-1])]


def choose(
    tried: list[Clustering], config: SegmentConfig, *, former: int | None = None
) -> Clustering | None:
    """The most distinct of the stable numbers of clusters; None where none is stable.

    Args:
        tried: What was found with each number.
        config: Settings.
        former: The number of the review before, if there was one.
    """
    stable = [
        each
        for each in tried
        if each.stability >= config.min_stability
        and each.smallest_share >= config.min_cluster_share
    ]
    best = max(stable, key=lambda each: (each.silhouette, -each.count), default=None)
    if best is None:
        return None
    kept = [
        each
        for each in stable
        if each.count == former and each.silhouette >= best.silhouette - config.tolerance
    ]
    return kept[0] if kept else best
