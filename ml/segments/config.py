"""Settings of the clusters of customers, with the defaults of the project.

Belongs here: every threshold and size that fitting uses.
Does not belong here: anything computed.
"""

from dataclasses import dataclass

from ml.errors import EstimatorError


@dataclass(frozen=True)
class SegmentConfig:
    """How clusters are fitted at a yearly review.

    Attributes:
        counts: Numbers of clusters that are tried.
        min_customers: Fewest customers of a review to look for clusters in.
        min_cluster_share: Least share of customers in the smallest cluster.
        min_stability: Least mean adjusted Rand index over resamples of customers.
        resamples: Resamples of customers for the stability.
        restarts: Starts of k-means, of which the best counts; in a resample a third of them.
        tolerance: Silhouette that the number of clusters of the review before may fall short of
            the best by, and still be kept.
        max_fit_customers: Customers above which a sample by hash is fitted.
        silhouette_customers: Customers, sampled by hash, that the silhouette is computed of.
        min_measured: Least share of customers of whom a feature must be known to be used.
        max_shift: Greatest distance, in standard deviations, between centroids of two reviews
            that are still the same cluster.
        telling: Least distance of a centroid from the mean, in standard deviations, that is worth
            a word in the name.
        seed: Seed of every random number.
    """

    counts: tuple[int, ...] = (3, 4, 5, 6, 7, 8)
    min_customers: int = 200
    min_cluster_share: float = 0.02
    min_stability: float = 0.7
    resamples: int = 20
    restarts: int = 9
    tolerance: float = 0.02
    max_fit_customers: int = 20_000
    silhouette_customers: int = 2_000
    min_measured: float = 0.5
    max_shift: float = 1.5
    telling: float = 0.4
    seed: int = 20

    def __post_init__(self) -> None:
        """Refuse settings under which nothing could be fitted."""
        if not self.counts or min(self.counts) < 2:
            raise EstimatorError("SegmentConfig.counts must name numbers of at least 2.")
        if self.resamples < 2 or self.restarts < 1:
            raise EstimatorError("SegmentConfig needs at least 2 resamples and 1 restart.")
