"""Finding the clusters of each yearly review, from a frame to a verdict.

Belongs here: the order of the steps: sample, scale, try, choose, match, name, describe.
Does not belong here: the steps themselves (the other modules of this folder).

Reviews are taken in the order of time. A review knows what was known at its month end, and the
clusters of the reviews before, whose numbers and names it keeps where it finds them again. So the
same history gives the same names, whether its months are computed one by one or at once.
"""

from typing import Any

import numpy as np
import pandas as pd

from ml.churn.evaluation import metric_row
from ml.gate import Check, refusal_reason
from ml.segments.clusters import Clustering, choose, nearest, try_count
from ml.segments.config import SegmentConfig
from ml.segments.estimator import K_MEANS, Review, SegmentEstimator, score_segments
from ml.segments.naming import Name, match, name_clusters
from ml.segments.space import Scale, SegmentRows, fit_scale, read_rows
from ml.training_rows import Training, training_of

__all__ = [
    "SegmentConfig",
    "SegmentEstimator",
    "SegmentTraining",
    "score_segments",
    "train_segments",
]

Rows = list[dict[str, Any]]

SegmentTraining = Training[SegmentEstimator]
"""What a training of this kind yields."""


def train_segments(frame: pd.DataFrame, config: SegmentConfig) -> SegmentTraining:
    """Find the clusters of every review.

    Args:
        frame: `features.ftr_churn` of the months of the yearly reviews, in any order.
        config: Settings. The same frame and settings give the same clusters to the last bit.

    Returns:
        The clusters with the rows that describe them. A review with too few customers, or whose
        clusters are not stable, has none and says why.

    Raises:
        FrameError: The frame lacks columns or repeats a key.
    """
    rows = read_rows(frame, seed=config.seed, name="segment training frame")
    reviews: list[Review] = []
    metrics: Rows = []
    checks: list[Check] = [_history_check(0)]
    for day in np.unique(rows.date):
        review, found, checks = _review(rows.take(rows.date == day), reviews, config)
        reviews.append(review)
        metrics += found
    checks = [_history_check(len(reviews)), *[c for c in checks if c.check_name != "reviews"]]
    estimator = SegmentEstimator(
        reason=refusal_reason(checks),
        row_count=len(rows),
        customer_count=int(rows.key["customer_id"].nunique()),
        reviews=tuple(reviews),
    )
    return training_of(estimator, metrics, checks)


def _history_check(reviews: int) -> Check:
    return Check(
        "reviews",
        float(reviews),
        ">= 1",
        reviews >= 1,
        "Customers are grouped at the yearly review, which needs a year of history.",
    )


def _review(
    rows: SegmentRows, before: list[Review], config: SegmentConfig
) -> tuple[Review, Rows, list[Check]]:
    """Find, match and name the clusters of one review.

    Returns:
        (the review, rows of metrics, checks).
    """
    day = rows.date[0].item()
    checks = [
        Check(
            "customers",
            float(len(rows)),
            f">= {config.min_customers}",
            len(rows) >= config.min_customers,
            "Customers who have bought by the review; in fewer a group is chance.",
        )
    ]
    scale = fit_scale(rows.amounts, min_measured=config.min_measured)
    chosen: Clustering | None = None
    tried: list[Clustering] = []
    if checks[0].is_passed and len(scale.columns):
        sample = np.sort(np.argsort(rows.order, kind="stable")[: config.max_fit_customers])
        points, order = scale.apply(rows.amounts[sample]), rows.order[sample]
        possible = [count for count in config.counts if len(np.unique(points, axis=0)) > count]
        tried = [try_count(points, order, count, config) for count in possible]
        former = _former(before)
        chosen = choose(tried, config, former=len(former.names) if former else None)
    best = max((each.stability for each in tried), default=float("nan"))
    checks.append(
        Check(
            "stability",
            chosen.stability if chosen else best,
            f">= {config.min_stability:g} with no cluster below {config.min_cluster_share:.0%}",
            chosen is not None,
            "Do the same groups come out of resampled customers? 1 the same, 0 no more than chance "
            "(adjusted Rand index); groups that do not must not be given names.",
        )
    )
    metrics = [
        metric_row(f"{K_MEANS}_{each.count}", "review", name, value, n=len(rows), date=day)
        for each in tried
        for name, value in (
            ("silhouette", each.silhouette),
            ("stability", each.stability),
            ("smallest_share", each.smallest_share),
        )
    ]
    if chosen is None:
        empty = np.empty((0, len(scale.columns)))
        nobody = np.empty(0, dtype=np.int64)
        return (
            Review(
                day, refusal_reason(checks), scale, empty, (), nobody, len(rows), float("nan"), best
            ),
            metrics,
            checks,
        )
    label, _ = nearest(scale.apply(rows.amounts), chosen.centroids)
    review = Review(
        review_date=day,
        reason="",
        scale=scale,
        centroids=chosen.centroids,
        names=tuple(_names(chosen.centroids, scale, before, config)),
        counts=np.bincount(label, minlength=chosen.count).astype(np.int64),
        customers=len(rows),
        silhouette=chosen.silhouette,
        stability=chosen.stability,
    )
    return review, metrics, checks


def _former(before: list[Review]) -> Review | None:
    """The newest of the earlier reviews that has clusters."""
    return next((review for review in reversed(before) if review.names), None)


def _names(
    centroids: np.ndarray[Any, Any], scale: Scale, before: list[Review], config: SegmentConfig
) -> list[Name]:
    """Keep the names of the newest review with clusters where they are found again."""
    former = _former(before)
    kept: list[Name | None] = [None] * len(centroids)
    if former is not None:
        shared = np.intersect1d(scale.columns, former.scale.columns)
        mine, theirs = (
            np.searchsorted(scale.columns, shared),
            np.searchsorted(former.scale.columns, shared),
        )
        logs = centroids[:, mine] * scale.spread[mine] + scale.centre[mine]
        moved = (logs - former.scale.centre[theirs]) / former.scale.spread[theirs]
        pairs = match(former.centroids[:, theirs], moved, max_shift=config.max_shift)
        for new, old in pairs.items():
            deviations = dict(zip((scale.columns + 1).tolist(), centroids[new], strict=True))
            if former.names[old].is_true_of(deviations, telling=config.telling):
                kept[new] = former.names[old]
    used = [name.number for review in before for name in review.names]
    return name_clusters(
        centroids, scale.columns, kept, first_free=max(used, default=0) + 1, telling=config.telling
    )
