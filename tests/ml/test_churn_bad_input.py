"""What a company may hand to the churn estimator: clear words or a safe fallback, no silent number.

Belongs here: faulty and thin frames through training and scoring as a whole, and that neither the
order of rows nor the number of threads changes a bit. Few churners, short histories, features never
measured and labels without meaning are in `test_churn_training`, changed files in `test_registry`.
"""

from dataclasses import replace

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from threadpoolctl import threadpool_limits

from ml.churn.training import ChurnTraining, score_churn, train_churn
from ml.errors import FrameError


@pytest.fixture(scope="module")
def brief(quick):
    """One origin and few draws: enough for a verdict."""
    return replace(quick, max_origins=1, bootstrap_draws=2, noise_draws=10, folds=3)


@pytest.fixture(scope="module")
def trained(churn_frame, brief) -> ChurnTraining:
    return train_churn(churn_frame, brief)


@pytest.mark.parametrize(
    ("label", "name"), [(True, "kept_customers"), (False, "churned_customers")]
)
def test_one_class_only_gives_base_rates_and_says_which_is_missing(churn_frame, brief, label, name):
    training = train_churn(churn_frame.assign(is_churned=label), brief)
    scored = score_churn(churn_frame, training.estimator)
    assert (training.estimator.status, set(scored["method"])) == ("base_rate", {"base_rate"})
    assert f"{name} is 0" in training.estimator.reason
    assert scored["churn_probability"].between(0, 1, inclusive="neither").all()
    assert (training.estimators["grade"] == "F").all()
    assert name in training.estimators["grade_reason"][0]


def test_one_class_in_the_test_months_cannot_be_judged(churn_frame, brief):
    early = churn_frame["as_of_date"] < "2024-01-01"
    training = train_churn(churn_frame.assign(is_churned=churn_frame["is_churned"] & early), brief)
    assert training.estimator.status == "base_rate"
    assert training.estimator.reason


def test_constant_features_change_nothing_of_the_verdict(churn_frame, brief):
    training = train_churn(churn_frame.assign(purchases_12m=7.0, revenue_3m=0.0), brief)
    assert training.estimator.status == "published"
    bins = {each.subject: each.counts.tolist() for each in training.estimator.reference}
    assert bins["revenue_3m"] == [0, (churn_frame["as_of_date"] > "2023-03-31").sum()]


def test_only_constant_features_are_no_estimator(churn_frame, brief):
    from ml.churn.features import FEATURES

    training = train_churn(churn_frame.assign(**dict.fromkeys(FEATURES, 1.0)), brief)
    assert training.estimator.status != "published"
    scored = score_churn(churn_frame, training.estimator)
    assert set(scored["method"]) <= {"baseline_rule", "base_rate"}
    assert scored["churn_probability"].notna().all()


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused_by_name_in_training_and_scoring(
    churn_frame, trained, brief, value
):
    broken = churn_frame.assign(revenue_6m=value)
    with pytest.raises(FrameError, match="revenue_6m holds infinite values"):
        train_churn(broken, brief)
    with pytest.raises(FrameError, match="revenue_6m holds infinite values"):
        score_churn(broken, trained.estimator)


def test_a_row_of_which_nothing_is_known_still_has_a_probability(churn_frame, trained):
    row = churn_frame.head(2).copy()
    row.loc[row.index[0], list(trained.estimator.features)] = np.nan
    scored = score_churn(row, trained.estimator)
    assert scored["churn_probability"].between(0, 1, inclusive="neither").all()


@pytest.mark.parametrize("tier", ["platinum", None])
def test_a_tier_never_seen_is_scored(churn_frame, trained, brief, tier):
    """By the estimator, which does not read the tier, and by the rate of all where groups speak."""
    frame = churn_frame.head(30).assign(tier=tier)
    assert score_churn(frame, trained.estimator)["churn_probability"].notna().all()
    rates = train_churn(churn_frame[churn_frame["as_of_date"] < "2023-07-01"], brief).estimator
    scored = score_churn(frame, rates)
    assert set(scored["method"]) == {"base_rate"}
    assert scored["churn_probability"].to_numpy() == pytest.approx(rates.rates.overall)


def test_a_month_without_customers_is_a_gap_and_no_fault(churn_frame, brief):
    gap = churn_frame[churn_frame["as_of_date"] != "2023-06-30"]
    training = train_churn(gap, brief)
    assert training.estimator.status == "published"
    assert training.estimator.row_count == len(gap)
    assert score_churn(gap.head(0), training.estimator).empty


def test_neither_rows_in_another_order_nor_more_threads_change_a_bit(churn_frame, trained, brief):
    shuffled = churn_frame.sample(frac=1, random_state=8)
    with threadpool_limits(limits=2):
        again = train_churn(shuffled, brief)
        scored = score_churn(shuffled, again.estimator)
    assert again.estimator.content_hash == trained.estimator.content_hash
    assert_frame_equal(again.metrics, trained.metrics)
    with threadpool_limits(limits=1):
        assert_frame_equal(scored, score_churn(churn_frame, trained.estimator))
