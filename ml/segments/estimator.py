"""The clusters in force, review by review, and putting customers into them.

Belongs here: the clusters of each yearly review, scoring, the rows that describe them, the registry
form.
Does not belong here: finding and naming clusters (`ml.segments.training`).

The clusters of a review are in force for the months after it, until the next: a month is told apart
by what was known before it began.
"""

from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from itertools import zip_longest
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.canonical import content_hash
from ml.frames import conform
from ml.segments.clusters import nearest
from ml.segments.features import FEATURE_DEFINITIONS, FEATURES
from ml.segments.naming import Name
from ml.segments.space import Scale, natural, read_rows

Float = npt.NDArray[np.float64]

PUBLISHED: Final = "published"
NOT_PUBLISHED: Final = "not_published"
K_MEANS: Final = "k_means"
CLUSTERED: Final = "clustered"
NO_CLUSTERS: Final = "no_clusters"
NO_REVIEW: Final = "no_review_yet"
_BATCH_ROWS: Final = 100_000


@dataclass(frozen=True)
class Review:
    """The clusters found at one yearly review.

    Attributes:
        review_date: Month end whose customers were grouped.
        reason: Why there are no clusters; empty where there are.
        scale: The space.
        centroids: One row per cluster, in the space.
        names: One per cluster.
        counts: Customers of the review in each.
        customers: Customers of the review.
        silhouette: How distinct; NaN where nothing was tried.
        stability: How stable.
    """

    review_date: date
    reason: str
    scale: Scale
    centroids: Float
    names: tuple[Name, ...]
    counts: npt.NDArray[np.int64]
    customers: int
    silhouette: float
    stability: float

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {
            **vars(self),
            "review_date": self.review_date.isoformat(),
            "scale": vars(self.scale),
            "names": [vars(name) for name in self.names],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Review":
        """The inverse of `to_state`."""
        return cls(
            **{
                **{field.name: state[field.name] for field in fields(cls)},
                "review_date": date.fromisoformat(state["review_date"]),
                "scale": Scale(**state["scale"]),
                "names": tuple(
                    Name(**{**name, "sides": tuple(name["sides"])}) for name in state["names"]
                ),
            }
        )


@dataclass(frozen=True)
class SegmentEstimator:
    """Clusters of customers, in the form of an estimator.

    Attributes:
        reason: Why the newest review has none; empty where it has.
        row_count: Rows of all reviews.
        customer_count: Customers among them.
        reviews: The reviews, the oldest first.
    """

    kind: ClassVar[str] = "segments"

    reason: str
    row_count: int
    customer_count: int
    reviews: tuple[Review, ...]

    @property
    def status(self) -> str:
        """`published` where the newest review has clusters, else `not_published`."""
        return NOT_PUBLISHED if self.reason else PUBLISHED

    @property
    def candidate(self) -> str:
        """How clusters are found."""
        return K_MEANS

    @property
    def trained_from(self) -> date | None:
        """The first review."""
        return self.reviews[0].review_date if self.reviews else None

    @property
    def trained_to(self) -> date | None:
        """The newest review."""
        return self.reviews[-1].review_date if self.reviews else None

    @property
    def labels_to(self) -> date | None:
        """The newest review: nothing after it was seen."""
        return self.trained_to

    @property
    def positive_count(self) -> int:
        """Customers of the newest review that are in a cluster."""
        return int(self.reviews[-1].counts.sum()) if self.reviews else 0

    @property
    def features(self) -> tuple[str, ...]:
        """Feature columns, in the order in which they are read."""
        return FEATURES

    @cached_property
    def content_hash(self) -> str:
        """Canonical hash of parameters and arrays."""
        return content_hash(self.to_state())

    @property
    def version(self) -> str:
        """Name of exactly these clusters."""
        return f"{self.kind}-{self.content_hash[:12]}"

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays, for the registry."""
        return {
            "reason": self.reason,
            "row_count": self.row_count,
            "customer_count": self.customer_count,
            "reviews": [review.to_state() for review in self.reviews],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "SegmentEstimator":
        """The inverse of `to_state`."""
        reviews = tuple(Review.from_state(review) for review in state["reviews"])
        return cls(**{**state, "reviews": reviews})

    def profiles(self) -> pd.DataFrame:
        """Rows of `ml.cluster_profiles`: one per review, cluster and feature."""
        rows = [
            {
                "estimator": self.kind,
                "estimator_version": self.version,
                "review_date": review.review_date,
                "cluster_id": name.number,
                "cluster_name": name.words,
                "cluster_name_zh": name.words_zh,
                "feature": FEATURES[column],
                "typical_value": float(value),
                "deviation": float(deviation),
                "wording": _wording(int(column), float(deviation)),
                "customer_count": int(count),
                "review_customer_count": review.customers,
                "cluster_count": len(review.names),
                "silhouette": review.silhouette,
                "stability": review.stability,
            }
            for review in self.reviews
            for name, centroid, count in zip(
                review.names, review.centroids, review.counts, strict=True
            )
            for column, value, deviation in zip(
                review.scale.columns,
                np.round(natural(centroid * review.scale.spread + review.scale.centre), 9) + 0.0,
                centroid,
                strict=True,
            )
        ]
        return conform(rows, "cluster_profiles")


def _wording(column: int, deviation: float) -> str:
    feature = FEATURE_DEFINITIONS[column]
    return feature.high if deviation > 0 else feature.low


def score_segments(frame: pd.DataFrame, estimator: SegmentEstimator) -> pd.DataFrame:
    """Cluster of each customer at each as-of date, by the review in force.

    Args:
        frame: `features.ftr_churn`; any order, any as-of dates.
        estimator: The clusters.

    Returns:
        The columns of `ml.customer_clusters`, one row per row of the frame, ordered by key. Where
        no review is in force, or that in force has no clusters, the cluster is empty and
        `segment_status` says which.

    Raises:
        FrameError: The frame lacks columns or repeats a key.
    """
    rows = read_rows(frame, seed=0, name="segment frame")
    count = len(rows)
    number = pd.array([pd.NA] * count, dtype="Int64")
    name, name_zh = np.full(count, None, dtype=object), np.full(count, None, dtype=object)
    distance = np.full(count, np.nan)
    in_force = np.full(count, None, dtype=object)
    status = np.full(count, NO_REVIEW, dtype=object)
    ends = [each.review_date for each in estimator.reviews[1:]]
    for review, until in zip_longest(estimator.reviews, ends):
        after = rows.date > np.datetime64(review.review_date)
        own = np.flatnonzero(
            after if until is None else after & (rows.date <= np.datetime64(until))
        )
        in_force[own] = review.review_date
        status[own] = CLUSTERED if review.names else NO_CLUSTERS
        if not review.names:
            continue
        numbers = np.array([each.number for each in review.names])
        words = np.array([each.words for each in review.names], dtype=object)
        words_zh = np.array([each.words_zh for each in review.names], dtype=object)
        for start in range(0, len(own), _BATCH_ROWS):
            part = own[start : start + _BATCH_ROWS]
            label, far = nearest(review.scale.apply(rows.amounts[part]), review.centroids)
            number[part], distance[part] = numbers[label], far
            name[part], name_zh[part] = words[label], words_zh[label]
    return conform(
        rows.key.assign(
            cluster_id=number,
            cluster_name=name,
            cluster_name_zh=name_zh,
            distance=distance,
            review_date=pd.to_datetime(pd.Series(in_force, index=rows.key.index)),
            segment_status=status,
            estimator_version=estimator.version,
        ),
        "customer_clusters",
    )
