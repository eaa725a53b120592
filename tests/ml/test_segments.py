"""Clusters: how many, how stable, and that they keep their number and name."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import adjusted_rand_score

from ml.errors import EstimatorError, FrameError
from ml.frames import TABLES
from ml.registry import load_training, save_estimator
from ml.segments.clusters import Clustering, choose
from ml.segments.config import SegmentConfig
from ml.segments.features import FEATURES
from ml.segments.naming import Name, match, name_clusters
from ml.segments.space import fit_scale, logarithm, natural
from ml.segments.training import SegmentTraining, score_segments, train_segments

QUICK = SegmentConfig(counts=(2, 3, 4, 5), resamples=4, restarts=3)
# Typical customers: days since a purchase, purchases, revenue, tenure, products, tickets.
GROUPS = {
    "silent": (250, 1, 60, 900, 2, 0.2),
    "regular": (20, 15, 2_000, 900, 20, 1),
    "new": (25, 2, 100, 70, 3, 4),
}
FIRST, SECOND = "2023-12-31", "2024-12-31"


def simulate_segments(
    *,
    size: int = 120,
    months: tuple[str, ...] = (FIRST, SECOND),
    groups: dict[str, tuple[float, ...]] | None = None,
    spread: float = 0.25,
    seed: int = 1,
) -> pd.DataFrame:
    """Customers scattered around typical ones, the same ids at every month."""
    rng = np.random.default_rng(seed)
    parts = []
    for month in months:
        for name, centre in (groups or GROUPS).items():
            values = np.exp(np.log(centre) + rng.normal(scale=spread, size=(size, len(FEATURES))))
            parts.append(
                pd.DataFrame(values, columns=list(FEATURES)).assign(
                    customer_id=[f"{name}-{number:04d}" for number in range(size)],
                    as_of_date=pd.Timestamp(month),
                    group=name,
                )
            )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return simulate_segments()


@pytest.fixture(scope="module")
def trained(frame: pd.DataFrame) -> SegmentTraining:
    return train_segments(frame, QUICK)


def test_groups_that_are_there_are_found_with_their_number(trained, frame):
    estimator = trained.estimator
    assert (estimator.status, estimator.reason) == ("published", "")
    assert [len(review.names) for review in estimator.reviews] == [3, 3]
    assert all(review.stability > 0.95 for review in estimator.reviews)
    later = frame[frame["as_of_date"] == SECOND].assign(as_of_date=pd.Timestamp("2025-01-31"))
    scored = score_segments(later, estimator)
    assert list(scored.columns) == list(TABLES["customer_clusters"])
    truth = scored["customer_id"].str.split("-").str[0]
    assert adjusted_rand_score(truth, scored["cluster_id"].astype(int)) > 0.97
    assert set(scored["segment_status"]) == {"clustered"}
    assert set(scored["review_date"]) == {pd.Timestamp(SECOND)}


def test_names_say_what_is_telling(trained, frame):
    scored = score_segments(
        frame.assign(as_of_date=pd.Timestamp("2025-02-28")).drop_duplicates("customer_id"),
        trained.estimator,
    )
    truth = scored["customer_id"].str.split("-").str[0]
    names = scored.groupby(truth)["cluster_name"].agg(lambda each: each.mode()[0])
    assert "long silent" in names["silent"].lower()
    assert "new" in names["new"].lower().split(", ")
    assert {"buys often", "spends much", "wide range"} & set(names["regular"].lower().split(", "))
    assert scored["cluster_name"].nunique() == scored["cluster_name_zh"].nunique() == 3


def test_a_cluster_keeps_number_and_name_though_it_moves(trained):
    moved = simulate_segments(
        months=(SECOND,),
        seed=9,
        groups={
            "regular": (15, 18, 2_400, 1_000, 22, 1.2),
            "new": (22, 2.4, 120, 80, 3, 4.5),
            "silent": (270, 1, 50, 1_000, 2, 0.2),
        },
    )
    both = pd.concat([simulate_segments(months=(FIRST,)), moved])
    first, second = train_segments(both, QUICK).estimator.reviews
    assert {(n.number, n.words) for n in first.names} == {(n.number, n.words) for n in second.names}
    assert [n.number for n in first.names] == [1, 2, 3]


def test_what_was_never_there_gets_a_number_of_its_own():
    other = {**GROUPS, "bulk": (5, 80, 90_000, 2_500, 150, 30)}
    del other["new"]
    both = pd.concat(
        [simulate_segments(months=(FIRST,)), simulate_segments(months=(SECOND,), groups=other)]
    )
    first, second = train_segments(both, QUICK).estimator.reviews
    gone = {n.number for n in first.names} - {n.number for n in second.names}
    fresh = {n.number for n in second.names} - {n.number for n in first.names}
    assert (len(gone), fresh) == (1, {4})
    assert len({n.words for n in (*first.names, *second.names)}) >= 4


def test_a_review_speaks_for_the_months_after_it_only(trained, frame):
    months = ["2023-11-30", FIRST, "2024-01-31", SECOND, "2025-01-31"]
    one = frame.head(1)
    asked = pd.concat([one.assign(as_of_date=pd.Timestamp(month)) for month in months])
    scored = score_segments(asked, trained.estimator)
    assert scored["segment_status"].tolist() == ["no_review_yet"] * 2 + ["clustered"] * 3
    assert scored["review_date"].astype(str).tolist()[2:] == [FIRST, FIRST, SECOND]
    assert scored["cluster_id"].isna().tolist() == [True, True, False, False, False]


def test_an_earlier_review_is_the_same_whether_a_later_one_is_there(trained, frame):
    alone = train_segments(frame[frame["as_of_date"] == FIRST], QUICK).estimator
    assert alone.reviews[0].to_state()["names"] == trained.estimator.reviews[0].to_state()["names"]
    assert np.array_equal(alone.reviews[0].centroids, trained.estimator.reviews[0].centroids)


def test_order_of_rows_changes_nothing_and_the_registry_keeps_it(trained, frame, tmp_path):
    again = train_segments(frame.sample(frac=1, random_state=2), QUICK)
    assert again.estimator.content_hash == trained.estimator.content_hash
    stored = load_training(save_estimator(trained, tmp_path)).estimator
    later = frame.assign(as_of_date=frame["as_of_date"] + pd.offsets.MonthEnd(1))
    assert_frame_equal(score_segments(later, stored), score_segments(later, trained.estimator))


def test_one_cloud_has_no_clusters():
    cloud = simulate_segments(groups={"all": (60, 5, 500, 500, 6, 1)}, size=400, spread=0.8)
    refused = train_segments(cloud, QUICK)
    assert refused.estimator.status == "not_published"
    assert "stability is " in refused.estimator.reason
    later = cloud.assign(as_of_date=cloud["as_of_date"] + pd.offsets.MonthEnd(1))
    scored = score_segments(later, refused.estimator)
    assert set(scored["segment_status"]) == {"no_clusters"}
    assert scored[["cluster_id", "cluster_name"]].isna().all().all()
    assert len(refused.estimator.profiles()) == 0


def test_too_few_customers_and_no_review_say_so(frame):
    few = train_segments(frame.groupby(["group", "as_of_date"]).head(20), QUICK).estimator
    assert "customers is 60, needs >= 200" in few.reason
    none = train_segments(frame.head(0), QUICK)
    assert "reviews is 0" in none.estimator.reason
    assert none.estimator.trained_to is None
    scored = score_segments(frame.head(2), none.estimator)
    assert set(scored["segment_status"]) == {"no_review_yet"}


def test_a_side_that_is_not_measured_is_left_out_and_one_gap_stands_at_the_mean(frame):
    blind = frame.assign(tickets_created_6m=np.nan)
    estimator = train_segments(blind, QUICK).estimator
    assert FEATURES.index("tickets_created_6m") not in estimator.reviews[0].scale.columns
    assert estimator.status == "published"
    values = np.array([[1.0], [3.0], [np.nan]])
    scale = fit_scale(values, min_measured=0.5)
    assert scale.apply(values)[2, 0] == 0
    assert len(fit_scale(values, min_measured=0.9).columns) == 0
    assert len(fit_scale(np.full((3, 1), 5.0), min_measured=0.5).columns) == 0


def test_profiles_tell_typical_values_and_counts_of_everybody(trained):
    profiles = trained.estimator.profiles()
    assert list(profiles.columns) == list(TABLES["cluster_profiles"])
    assert len(profiles) == 2 * 3 * len(FEATURES)
    for _, review in profiles.groupby("review_date"):
        assert review.drop_duplicates("cluster_id")["customer_count"].sum() == 360
        assert set(review["review_customer_count"]) == {360}
    tenure = profiles[profiles["feature"] == "tenure_days"].groupby("review_date")
    assert tenure["typical_value"].min().to_numpy() == pytest.approx([70, 70], rel=0.1)
    assert (np.sign(profiles["deviation"]) != 0).all()


def test_pairs_are_the_nearest_in_all_and_not_too_far():
    old = np.array([[0.0, 0.0], [5.0, 0.0]])
    # Taken one by one the first new centroid would take the first old one from the second.
    assert match(old, np.array([[2.0, 0.0], [0.1, 0.0]]), max_shift=4.0) == {0: 1, 1: 0}
    assert match(old, np.array([[2.0, 0.0], [0.1, 0.0]]), max_shift=1.5) == {1: 0}
    assert match(np.empty((0, 2)), old, max_shift=1.5) == {}


def test_a_number_is_kept_where_another_is_hardly_better():
    found = [
        Clustering(np.zeros((count, 1)), np.zeros(1, dtype=np.int64), silhouette, stability, 0.2)
        for count, silhouette, stability in ((3, 0.40, 0.9), (4, 0.41, 0.9), (5, 0.60, 0.69))
    ]
    assert choose(found, QUICK).count == 4
    assert choose(found, QUICK, former=3).count == 3
    assert choose(found, replace(QUICK, tolerance=0.005), former=3).count == 4
    assert choose(found, QUICK, former=5).count == 4
    assert choose(found[2:], QUICK) is None


def test_a_name_that_is_no_longer_true_is_given_up():
    name = Name(1, "Buys often, few products", "x", (2, -5))
    assert name.is_true_of({2: 0.9, 5: -0.7}, telling=0.4)
    assert name.is_true_of({2: 0.9, 5: 0.3}, telling=0.4)
    assert not name.is_true_of({2: 0.9, 5: 0.5}, telling=0.4)
    assert not name.is_true_of({2: -0.4, 5: -0.7}, telling=0.4)


def test_two_alike_are_not_called_the_same():
    centroids = np.array([[1.0, 0.9, 0.5], [1.0, 0.9, -0.5], [0.1, 0.0, 0.0]])
    columns = np.array([0, 1, 2])
    names = name_clusters(centroids, columns, [None] * 3, first_free=1, telling=0.4)
    assert [n.words for n in names] == [
        "Long silent, buys often",
        "Long silent, buys often, spends little",
        "Average, long silent",
    ]
    kept = Name(7, "Long silent, buys often", "x")
    again = name_clusters(centroids[:2], columns, [None, kept], first_free=8, telling=0.4)
    assert [(n.number, n.words) for n in again] == [
        (8, "Long silent, buys often, spends much"),
        (7, "Long silent, buys often"),
    ]


def test_logarithms_keep_the_sign():
    amounts = np.array([-100.0, 0.0, 100.0])
    assert logarithm(amounts).tolist() == pytest.approx([-np.log(101), 0, np.log(101)])
    assert natural(logarithm(amounts)) == pytest.approx(amounts)


def test_what_cannot_be_read_or_fitted_is_refused(frame):
    with pytest.raises(FrameError, match="tenure_days"):
        train_segments(frame.drop(columns="tenure_days"), QUICK)
    with pytest.raises(FrameError, match="infinite"):
        train_segments(frame.assign(revenue_12m=np.inf), QUICK)
    with pytest.raises(EstimatorError, match="counts"):
        replace(QUICK, counts=(1,))
    with pytest.raises(EstimatorError, match="resamples"):
        replace(QUICK, resamples=1)
