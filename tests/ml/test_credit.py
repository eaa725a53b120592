"""The learnt credit rating: the scale, bins, points, gate, on invented companies of known odds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.special import logit

from ml.credit.binning import fit_bins, weights_of_evidence
from ml.credit.config import CreditConfig, ScaleConfig
from ml.credit.evaluation import compare, cross_points, points_stability
from ml.credit.features import FEATURE_DEFINITIONS, FEATURES
from ml.credit.panel import customer_groups, read_panel, split_panel
from ml.credit.points import probability_of_points
from ml.credit.training import CreditTraining, score_credit, train_credit
from ml.errors import EstimatorError, FrameError
from ml.metrics import kolmogorov_smirnov, stability_index

QUICK = CreditConfig(bootstrap_draws=20)
SCALE = ScaleConfig()


def checks_of(training: CreditTraining) -> dict[str, bool]:
    return dict(zip(training.checks["check_name"], training.checks["is_passed"], strict=True))


def metric(training: CreditTraining, candidate: str, slice_name: str, name: str) -> float:
    rows = training.metrics
    found = rows[
        (rows["candidate"] == candidate) & (rows["slice"] == slice_name) & (rows["metric"] == name)
    ]
    return float(found["value"].iloc[0])


def test_points_of_the_handbook():
    assert SCALE.factor == pytest.approx(28.8539, abs=5e-5)
    assert SCALE.offset == pytest.approx(487.1229, abs=5e-5)
    assert_allclose(probability_of_points(np.array([600.0, 620.0]), SCALE), [1 / 51, 1 / 101])


def test_the_stability_index_of_the_handbook():
    found = stability_index(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.6, 0.3]))
    assert found == pytest.approx(0.0875, abs=5e-5)


def test_ks_by_hand_with_a_tie():
    bad = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    score = np.array([5.0, 3.0, 3.0, 2.0, 1.0])
    # Above 5: 1/2 of the bad, 0 of the good. From 3 on: all bad, 1/3 of the good.
    assert kolmogorov_smirnov(bad, score) == pytest.approx(2 / 3)
    assert np.isnan(kolmogorov_smirnov(np.ones(3), score[:3]))


def test_evidence_by_hand():
    # (90.5, 10.5) of (151, 31) and (60.5, 20.5): each with one half added.
    found = weights_of_evidence(np.array([90.0, 60.0]), np.array([10.0, 20.0]), smoothing=0.5)
    expected = [
        np.log(90.5 / 151) - np.log(10.5 / 31),
        np.log(60.5 / 151) - np.log(20.5 / 31),
    ]
    assert_allclose(found, expected)


@given(seed=st.integers(0, 200), sense=st.sampled_from([1, -1]))
def test_bins_never_run_against_their_sense_and_count_every_row(seed, sense):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(600) < 0.2, np.nan, rng.normal(size=600).round(1))
    bad = (rng.random(600) < 0.3).astype(float)
    config = replace(QUICK, min_bin_bad=3)
    bins = fit_bins(values, bad, np.arange(600), sense, config)
    known = bins.evidence[:-1]
    assert (np.diff(known) * sense > 0).all()
    assert bins.rows.sum() == 600
    assert bins.bad.sum() == bad.sum()
    assert (bins.rows[:-1] >= config.min_bin_share * 600).all() or len(bins.edges) == 0


def test_a_value_at_an_edge_is_in_one_bin_and_a_missing_one_in_its_own():
    rng = np.random.default_rng(1)
    values = rng.choice([0.0, 10.0, 20.0], 3000)
    bad = (rng.random(3000) < np.select([values == 0, values == 10], [0.05, 0.2], 0.5)).astype(
        float
    )
    bins = fit_bins(values, bad, np.arange(3000), -1, QUICK)
    assert bins.edges.tolist() == [10.0, 20.0]
    assert bins.assign(np.array([9.99, 10.0, 20.0, np.nan])).tolist() == [0, 1, 2, 3]
    assert [bins.label(n) for n in range(4)] == [
        "below 10",
        "from 10 to below 20",
        "20 or more",
        "not known",
    ]
    # Nobody was missing: nothing is known of such, and nothing is said.
    assert bins.evidence[3] == 0.0


def test_a_bin_without_enough_bad_customers_is_joined():
    values = np.repeat([1.0, 2.0, 3.0], 500)
    bad = np.concatenate([np.ones(200), np.zeros(300), np.ones(100), np.zeros(400), np.zeros(500)])
    bins = fit_bins(values, bad, np.arange(1500), 1, QUICK)
    assert bins.edges.tolist() == [2.0]
    assert np.isfinite(bins.evidence).all()


def test_the_learnt_rating_recovers_the_true_odds(credit_frame, credit_training):
    assert credit_training.estimator.status == "published", credit_training.estimator.reason
    scored = score_credit(credit_frame, credit_training.estimator)
    truth = credit_frame.sort_values(["customer_id", "as_of_date"])["true_log_odds"].to_numpy()
    found = logit(scored["bad_probability"].to_numpy())
    assert np.corrcoef(found, truth)[0, 1] > 0.95
    assert np.abs(found - truth).mean() < 0.2
    assert scored["bad_probability"].mean() == pytest.approx(
        credit_frame["is_bad"].mean(), rel=0.03
    )


def test_it_separates_better_than_the_expert_on_the_same_later_rows(credit_training):
    assert metric(credit_training, "learnt", "test", "gini") > metric(
        credit_training, "expert", "test", "gini"
    )
    assert metric(credit_training, "learnt", "test", "gini_gain") > 0.05
    auc = metric(credit_training, "learnt", "test", "auc")
    assert metric(credit_training, "learnt", "test", "gini") == pytest.approx(2 * auc - 1)
    assert 0 < metric(credit_training, "learnt", "test", "ks") < 1
    assert metric(credit_training, "learnt", "test", "stability_index") < 0.1


def test_the_points_of_the_bins_add_up_to_the_points_of_the_customer(credit_frame, credit_training):
    card = credit_training.estimator.fitted
    assert card is not None
    bins = credit_training.estimator.bins().set_index(["feature", "bin_number"])["points"]
    rows = credit_frame.head(200)
    features = rows[list(FEATURES)].to_numpy(dtype=float)
    scored = score_credit(rows, credit_training.estimator)
    for row in range(len(rows)):
        parts = [
            bins[name, int(card.bins[at].assign(features[row : row + 1, at])[0]) + 1]
            for at, name in enumerate(FEATURES)
        ]
        assert scored["credit_points"][row] == card.base + sum(parts)


def test_reasons_name_what_costs_most_first_and_nothing_that_helps(credit_training):
    worst = {
        "paid_on_time_ratio_12m": 0.1,
        "days_past_due_max_12m": 80.0,
        "credit_utilisation_ratio": 1.1,
        "return_ratio_12m": 0.02,
        "disputes_12m": 0.0,
        "tenure_days": 100.0,
        "external_credit_rating": np.nan,
    }
    best = {**worst, "paid_on_time_ratio_12m": 1.0, "days_past_due_max_12m": 0.0}
    best |= {"credit_utilisation_ratio": 0.05, "tenure_days": 1900.0}
    rows = pd.DataFrame([worst, best]).assign(
        customer_id=["a", "b"],
        as_of_date=pd.Timestamp("2025-01-31"),
        expert_points=600,
        is_already_bad=False,
    )
    scored = score_credit(rows, credit_training.estimator)
    assert scored["reason_1"][0].startswith("longest delay in days: ")
    assert scored["reason_1"][0].endswith(" points)")
    costs = [int(scored[f"reason_{n}"][0].split("(")[1].split()[0]) for n in (1, 2, 3)]
    assert costs == sorted(costs)
    assert costs[-1] < 0
    assert pd.isna(scored["reason_2"][1])
    assert scored["credit_points"][0] < scored["credit_points"][1]


def test_who_is_already_bad_keeps_the_expert_rating(credit_frame, credit_training):
    rows = credit_frame.head(4).assign(is_already_bad=[True, False, False, False])
    scored = score_credit(rows, credit_training.estimator)
    assert scored["method"].tolist() == ["expert", "learnt", "learnt", "learnt"]
    assert pd.isna(scored["credit_points"][0])
    assert pd.isna(scored["bad_probability"][0])


def test_the_same_rows_in_any_order_give_the_same_estimator(credit_frame, credit_training):
    shuffled = credit_frame.sample(frac=1, random_state=3)
    again = train_credit(shuffled, QUICK)
    assert again.estimator.version == credit_training.estimator.version
    assert_frame_equal(again.metrics, credit_training.metrics)


def test_no_outcome_stands_on_both_sides(credit_frame):
    panel = read_panel(credit_frame, seed=QUICK.seed, is_labelled=True, name="frame")
    train, test = split_panel(panel, QUICK)
    assert train.month.max() + QUICK.outcome_months <= test.month.min()
    assert len(np.unique(test.month)) == QUICK.test_months


def test_nobody_is_judged_by_what_was_learnt_from_him(credit_frame):
    panel = read_panel(credit_frame, seed=QUICK.seed, is_labelled=True, name="frame")
    train, test = split_panel(panel, QUICK)
    lied = replace(train, bad=np.where(customer_groups(train, QUICK) == 0, 1.0, train.bad))
    own = customer_groups(test, QUICK) == 0
    before, after = cross_points(train, test, QUICK)[1], cross_points(lied, test, QUICK)[1]
    assert own.any()
    assert (before[own] == after[own]).all()
    assert (before[~own] != after[~own]).any()


def test_too_few_bad_customers_leave_the_expert_rating_and_say_how_many(credit_frame):
    few = credit_frame[credit_frame["customer_id"] < "c00300"]
    training = train_credit(few, QUICK)
    checks = training.checks.set_index("check_name")
    assert not checks.loc["bad_customers", "is_passed"]
    assert training.estimator.fitted is None
    count = int(checks.loc["bad_customers", "value"])
    assert count < 200
    assert f"bad_customers is {count}, needs >= 200" in training.estimator.reason
    assert training.estimator.reason.endswith("the expert rating stays")
    # The expert rating is measured all the same.
    assert metric(training, "expert", "test", "gini") > 0
    assert not (training.metrics["candidate"] == "learnt").any()
    scored = score_credit(few, training.estimator)
    assert set(scored["method"]) == {"expert"}
    assert scored["credit_points"].isna().all()
    assert len(training.estimator.bins()) == 0


def test_an_expert_who_knows_better_stays(credit_frame):
    better = credit_frame.assign(expert_points=700 - 300.0 * credit_frame["is_bad"])
    training = train_credit(better, QUICK)
    assert training.estimator.status == "not_published"
    assert "gini_not_below_expert" in training.estimator.reason


def test_a_level_that_moved_is_not_published(credit_frame):
    last = credit_frame["as_of_date"] >= "2024-04-30"
    moved = credit_frame.assign(
        is_bad=credit_frame["is_bad"] | (last & (credit_frame["tenure_days"] % 2 < 0.8))
    )
    training = train_credit(moved, QUICK)
    assert not checks_of(training)["calibration_level"]
    assert training.estimator.status == "not_published"


def test_no_rows_at_all_say_that_the_expert_rating_stays(credit_frame):
    training = train_credit(credit_frame.head(0), QUICK)
    assert training.estimator.status == "not_published"
    assert training.estimator.labels_to is None
    assert not checks_of(training)["months_for_training_and_test"]


def test_stability_needs_two_hundred_rows_on_each_side():
    assert np.isnan(points_stability(np.arange(199), np.arange(500), QUICK))
    same = points_stability(np.arange(500), np.arange(500), QUICK)
    assert same == pytest.approx(0)


def test_an_interval_holds_its_value_even_where_resampling_is_biased(credit_frame):
    panel = read_panel(credit_frame.head(3000), seed=1, is_labelled=True, name="frame")
    luck = np.random.default_rng(2).normal(size=len(panel)).round(1)
    found, gain = compare(panel, {"luck": luck, "expert": panel.expert_points}, QUICK)
    for separation in found.values():
        for name, (low, high) in separation.intervals.items():
            assert low <= separation.measures[name] <= high
            assert low < high
    assert gain[1] <= gain[0] <= gain[2] < 0


def test_a_frame_at_fault_is_named(credit_frame, credit_training):
    with pytest.raises(FrameError, match="tenure_days"):
        train_credit(credit_frame.drop(columns="tenure_days"), QUICK)
    with pytest.raises(FrameError, match="is_already_bad"):
        score_credit(credit_frame.drop(columns="is_already_bad"), credit_training.estimator)
    other = replace(credit_training.estimator, features=("age",))
    with pytest.raises(EstimatorError, match="Train it again"):
        score_credit(credit_frame.head(2), other)


def test_money_laundering_is_no_characteristic():
    words = " ".join(f"{f.name} {f.title} {f.description}" for f in FEATURE_DEFINITIONS).lower()
    assert "aml" not in words
    assert "launder" not in words
