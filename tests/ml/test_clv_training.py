from dataclasses import replace
from datetime import date
from typing import cast

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from ml.clv.config import ClvConfig
from ml.clv.contest import Choice, Contest, Slice, choose_amounts
from ml.clv.counts import MBG
from ml.clv.estimator import TWO_PART
from ml.clv.evaluation import ValueEvaluation
from ml.clv.training import ClvTraining, score_clv, train_clv
from ml.clv.two_part import TwoPartParameters
from ml.errors import EstimatorError, FitError, FrameError
from ml.frames import TABLES

QUICK = ClvConfig(bootstrap_draws=50)


@pytest.fixture(scope="module")
def trained(value_frames) -> ClvTraining:
    return train_clv(*value_frames, QUICK)


def check(training: ClvTraining, name: str) -> pd.Series:
    (row,) = [row for _, row in training.checks.iterrows() if row["check_name"] == name]
    return row


def metric(training: ClvTraining, name: str, candidate: str) -> float:
    rows = training.metrics
    is_it = (rows["metric"] == name) & (rows["candidate"] == candidate)
    (value,) = rows.loc[is_it & (rows["slice"] != "all_customers"), "value"]
    return float(value)


def test_the_modified_estimator_is_chosen_where_many_bought_once(trained):
    assert trained.estimator.candidate == "mbg_nbd_gamma_gamma"
    assert "bought only once" in trained.estimator.reason
    assert metric(trained, "one_time_buyer_share", "mbg_nbd_gamma_gamma") > 0.4


def test_it_foresees_a_simulated_year_better_than_carrying_spending_forward(trained):
    own = metric(trained, "value_mae", "mbg_nbd_gamma_gamma")
    assert own < metric(trained, "value_mae", "naive_spend")
    assert abs(metric(trained, "purchases_bias_pct", "mbg_nbd_gamma_gamma")) < 25
    assert metric(trained, "value_gini", "mbg_nbd_gamma_gamma") > 0.5
    assert check(trained, "warning_error_against_naive")["is_passed"]


def test_the_frames_have_the_columns_of_the_published_tables(trained, value_frames):
    assert list(trained.estimators.columns) == list(TABLES["estimators"])
    assert list(trained.metrics.columns) == list(TABLES["estimator_metrics"])
    assert list(trained.checks.columns) == list(TABLES["estimator_checks"])
    scored = score_clv(value_frames[0], trained.estimator)
    assert list(scored.columns) == list(TABLES["clv_predictions"])
    assert len(scored) == len(value_frames[0])


def test_the_fit_is_on_the_latest_histories(trained):
    (row,) = trained.estimators.to_dict("records")
    assert row["trained_to"] == pd.Timestamp("2024-12-31")
    assert row["trained_from"] < pd.Timestamp("2023-01-01")
    assert row["row_count"] == row["customer_count"] == 500
    tested = trained.metrics[trained.metrics["slice"] == "test"]
    assert set(tested["as_of_date"]) == {pd.Timestamp("2023-12-31")}


def test_a_shuffled_frame_gives_the_same_estimator(trained, value_frames):
    frame, outcomes = (f.sample(frac=1, random_state=9) for f in value_frames)
    again = train_clv(frame, outcomes, QUICK)
    assert again.estimator.content_hash == trained.estimator.content_hash
    assert_frame_equal(again.metrics, trained.metrics)
    assert_frame_equal(
        score_clv(frame, again.estimator), score_clv(value_frames[0], trained.estimator)
    )


def test_values_are_in_a_sensible_relation(trained, value_frames):
    scored = score_clv(value_frames[0], trained.estimator)
    known = scored[scored["clv_12m"].notna()]
    assert known["probability_alive"].between(0, 1).all()
    assert (known["clv_36m"] >= known["clv_12m"]).all()
    undiscounted = known["expected_purchases_12m"] * known["expected_purchase_value"]
    own = known["method"] != "prior"
    assert (known["clv_12m"] <= undiscounted + 1e-9)[own].all()
    assert (known["clv_12m"] >= undiscounted / 1.1 - 1e-9)[own].all()


def test_without_discount_the_value_is_purchases_times_amount(value_frames):
    training = train_clv(*value_frames, replace(QUICK, discount_rate=0.0))
    scored = score_clv(value_frames[0], training.estimator)
    own = scored[scored["method"] != "prior"]
    product = own["expected_purchases_12m"] * own["expected_purchase_value"]
    assert own["clv_12m"].to_numpy() == pytest.approx(product.to_numpy())


def test_a_customer_of_less_than_thirty_days_gets_the_mean_of_the_tier(trained, value_frames):
    row = (
        value_frames[0].iloc[[0]].assign(purchase_count=1, repeat_purchase_count=0, recency_days=0)
    )
    new = pd.concat(
        [
            row.assign(customer_id="n29", age_days=29, tenure_days=29),
            row.assign(customer_id="n30", age_days=30, tenure_days=30),
            row.assign(customer_id="x29", age_days=29, tenure_days=29, tier="never seen"),
        ]
    )
    scored = score_clv(new, trained.estimator).set_index("customer_id")
    assert scored["method"].to_dict() == {
        "n29": "prior",
        "n30": "mbg_nbd_gamma_gamma",
        "x29": "prior",
    }
    mature = score_clv(value_frames[0], trained.estimator)
    at_end = mature.merge(value_frames[0][["customer_id", "as_of_date", "tier"]])
    at_end = at_end[(at_end["as_of_date"] == "2024-12-31") & (at_end["method"] != "prior")]
    tier = at_end[at_end["tier"] == row["tier"].iloc[0]]["clv_12m"].mean()
    assert scored.loc["n29", "clv_12m"] == pytest.approx(tier)
    assert scored.loc["x29", "clv_12m"] == pytest.approx(at_end["clv_12m"].mean())


def test_a_customer_without_purchases_has_no_value(trained, value_frames):
    history = ["repeat_purchase_count", "recency_days", "age_days", "mean_repeat_purchase_amount"]
    prospect = value_frames[0].head(1).assign(purchase_count=0, **dict.fromkeys(history, np.nan))
    (row,) = score_clv(prospect, trained.estimator).to_dict("records")
    assert np.isnan(row["clv_12m"])
    assert np.isnan(row["probability_alive"])
    assert pd.isna(row["method"])
    assert row["has_warning"] is False


def test_value_is_revenue_after_credits(trained, value_frames):
    frame = value_frames[0]
    whole = score_clv(frame, trained.estimator).set_index(["customer_id", "as_of_date"])
    half = score_clv(frame.assign(net_revenue_ratio=0.5), trained.estimator)
    half = half.set_index(["customer_id", "as_of_date"])
    own = whole["method"] == "mbg_nbd_gamma_gamma"
    assert own.sum() > 100
    for column in ("clv_12m", "clv_36m", "expected_purchase_value"):
        ratio = half.loc[own, column] / whole.loc[own, column]
        assert ratio.to_numpy() == pytest.approx(0.5)
    assert half["expected_purchases_12m"].equals(whole["expected_purchases_12m"])


def test_value_is_margin_where_costs_are_known_and_below_zero_where_they_exceed_prices(
    trained, value_frames
):
    frame = value_frames[0]
    key = ["customer_id", "as_of_date"]
    whole = score_clv(frame, trained.estimator).set_index(key)
    costly = score_clv(frame.assign(margin_rate=-0.2, value_basis="margin"), trained.estimator)
    costly = costly.set_index(key)
    own = whole["method"] == "mbg_nbd_gamma_gamma"
    for column in ("clv_12m", "clv_36m", "value_if_kept_12m", "margin_per_unit"):
        assert (costly.loc[own, column] / whole.loc[own, column]).to_numpy() == pytest.approx(-0.2)
    assert (costly.loc[own, "clv_12m_low"] <= costly.loc[own, "clv_12m_high"]).all()
    assert (costly.loc[own, "clv_12m_low"] < 0).any()
    assert set(costly["value_basis"]) == {"margin"}
    assert (costly["margin_rate"] == -0.2).all()


def test_lifetime_value_is_units_times_the_value_of_one(trained, value_frames):
    scored = score_clv(value_frames[0], trained.estimator)
    known = scored["clv_12m"].notna()
    product = scored["discounted_units_12m"] * scored["margin_per_unit"]
    assert product[known].to_numpy() == pytest.approx(scored.loc[known, "clv_12m"].to_numpy())
    assert set(scored.loc[known, "unit_kind"]) == {"purchase"}
    # Discounted purchases are fewer than purchases, and more than at the rate of the whole year.
    share = scored["discounted_units_12m"] / scored["expected_purchases_12m"]
    own = known & (scored["method"] != "prior")
    assert share[own].between(1 / 1.1, 1).all()


def test_spending_that_grows_with_frequency_is_warned_of(make_value_frames):
    frame, outcomes = make_value_frames(spend_by_rate=4.0, p_leave=(0.5, 8.0), customers=200)
    training = train_clv(frame, outcomes, QUICK)
    row = check(training, "warning_frequency_value_correlation")
    assert row["value"] > 0.3
    assert not row["is_passed"]
    scored = score_clv(frame, training.estimator)
    assert scored["has_warning"].all()


def test_spending_that_grows_with_frequency_is_left_to_the_two_part_regression(make_value_frames):
    frame, outcomes = make_value_frames(spend_by_rate=4.0, p_leave=(0.5, 8.0), customers=300)
    training = train_clv(frame, outcomes, QUICK)
    assert training.estimator.candidate == "two_part_regression"
    assert "Gamma-Gamma is not valid" in training.estimator.reason
    scored = score_clv(frame, training.estimator)
    own = scored[scored["method"] == "two_part_regression"]
    assert len(own) > 300
    assert own["expected_purchase_value"].isna().all()
    assert (own["value_if_kept_12m"] >= own["clv_12m"]).all()
    assert (own["clv_36m"] >= own["clv_12m"]).all()
    assert (own["clv_12m_low"] <= own["clv_12m_high"]).all()


def test_two_years_of_outcomes_judge_the_two_part_regression_out_of_time(make_value_frames):
    frame, outcomes = make_value_frames(customers=300)
    before, later = make_value_frames(customers=300, last="2023-12-31", first="2021-12-01", seed=4)
    joined = (
        pd.concat([part[part["as_of_date"] < "2023-12-31"], own])
        for part, own in ((before, frame), (later, outcomes))
    )
    alone = train_clv(frame, outcomes, QUICK).metrics
    longer = train_clv(*joined, QUICK).metrics
    slices = [
        set(rows.loc[rows["candidate"] == "two_part_regression", "slice"])
        for rows in (alone, longer)
    ]
    assert slices == [{"cross_fitted"}, {"test"}]


def contest_of(
    own: dict[str, float],
    rival: dict[str, float],
    clear: float,
    slices: dict[str, str] | None = None,
) -> Contest:
    two_part = TwoPartParameters(1.0, *([np.zeros(7)] * 6), 1.0, np.zeros(201))
    evaluations = {
        MBG: ValueEvaluation(own, {}, 500),
        TWO_PART: ValueEvaluation(rival, {}, 500),
    }
    day, nobody = date(2023, 12, 31), cast(Slice, None)
    return Contest(day, evaluations, slices or {}, {}, {MBG: clear}, two_part, nobody, {})


@pytest.mark.parametrize(
    ("change", "clear", "correlation", "chosen"),
    [
        ({}, 3.0, 0.1, TWO_PART),
        ({}, 1.0, 0.1, MBG),  # smaller by chance
        ({"value_mae": 99.5}, 3.0, 0.1, MBG),  # hardly smaller
        ({"value_gini": 0.77}, 3.0, 0.1, MBG),  # ranks worse
        ({"value_bias_pct": -40.0}, 3.0, 0.1, MBG),  # promises too little in total
        ({"value_mae": 150.0}, -3.0, 0.3, TWO_PART),  # Gamma-Gamma is not valid
        ({"value_mae": 150.0}, -3.0, -0.3, TWO_PART),
        ({"value_mae": 150.0}, -3.0, float("nan"), TWO_PART),
    ],
)
def test_when_the_two_part_regression_replaces_gamma_gamma(change, clear, correlation, chosen):
    own = {"value_mae": 100.0, "value_gini": 0.80, "value_bias_pct": 20.0}
    rival = {"value_mae": 90.0, "value_gini": 0.79, "value_bias_pct": -10.0, **change}
    found = choose_amounts(
        Choice(MBG, "why"), contest_of(own, rival, clear), correlation, ClvConfig()
    )
    assert found.candidate == chosen


def test_the_plain_estimator_must_be_clearly_better(make_value_frames):
    frame, outcomes = make_value_frames(p_leave=(0.3, 6.0), customers=200)
    frame = frame[frame["repeat_purchase_count"] > 0]
    kept = train_clv(frame, outcomes, replace(QUICK, min_improvement=0.9))
    assert kept.estimator.candidate == "mbg_nbd_gamma_gamma"
    assert "must be 90 % and 1.96 standard errors better" in kept.estimator.reason
    eager = train_clv(frame, outcomes, replace(QUICK, min_improvement=-10.0, min_clearness=-99.0))
    assert eager.estimator.candidate == "bg_nbd_gamma_gamma"
    assert set(score_clv(frame, eager.estimator)["method"]) >= {"bg_nbd_gamma_gamma"}


def test_the_same_months_do_not_choose_the_two_part_regression():
    own = {"value_mae": 100.0, "value_gini": 0.8, "value_bias_pct": 20.0}
    rival = {"value_mae": 50.0, "value_gini": 0.9, "value_bias_pct": 0.0}
    contest = contest_of(own, rival, 9.0, {TWO_PART: "cross_fitted"})
    found = choose_amounts(Choice(MBG, "why"), contest, 0.1, ClvConfig())
    assert found.candidate == MBG
    assert "which does not count" in found.reason


def test_chance_does_not_choose(value_frames):
    """On 500 customers Pareto/NBD may come out ahead of the law that made them, but not clearly."""
    eager = train_clv(*value_frames, replace(QUICK, min_clearness=-99.0, min_improvement=-10.0))
    assert eager.estimator.candidate == "pareto_nbd_gamma_gamma"
    scored = score_clv(value_frames[0], eager.estimator)
    assert set(scored["method"]) == {"pareto_nbd_gamma_gamma"}
    assert {"purchase_s", "purchase_beta"} <= set(eager.metrics["metric"])


def test_the_value_if_kept_holds_no_chance_of_having_left(trained, value_frames):
    scored = score_clv(value_frames[0], trained.estimator)
    own = scored[scored["method"] != "prior"]
    kept = own["clv_12m"] / own["probability_alive"]
    assert own["value_if_kept_12m"].to_numpy() == pytest.approx(kept.to_numpy())


def test_intervals_are_of_customers_with_a_value_of_their_own(trained, value_frames):
    scored = score_clv(value_frames[0], trained.estimator)
    own = scored["method"] != "prior"
    low, high = scored["clv_12m_low"], scored["clv_12m_high"]
    assert low[~own].isna().all()
    assert high[~own].isna().all()
    assert ((low >= 0) & (low <= high))[own].all()
    inside = (low <= scored["clv_12m"]) & (scored["clv_12m"] <= high)
    assert inside[own & (scored["probability_alive"] > 0.5)].all()


def test_intervals_hold_nine_of_ten_outcomes_out_of_time(trained):
    share = metric(trained, "interval_coverage", "mbg_nbd_gamma_gamma")
    assert share == pytest.approx(0.90, abs=0.03)
    assert check(trained, "warning_interval_coverage")["is_passed"]


def test_intervals_that_miss_are_warned_of(value_frames):
    frame, outcomes = value_frames
    wild = outcomes.assign(value_after=outcomes["value_after"] * 8)
    training = train_clv(frame, wild, QUICK)
    assert check(training, "warning_interval_coverage")["value"] < 0.87
    assert not check(training, "warning_interval_coverage")["is_passed"]


def test_values_that_could_not_be_judged_carry_a_warning(value_frames):
    frame, outcomes = value_frames
    training = train_clv(frame, outcomes.head(0), QUICK)
    assert training.estimator.status == "published"
    assert training.estimator.has_warning
    assert not check(training, "warning_judged_on_later_months")["is_passed"]


def test_outcomes_of_another_length_are_not_used(value_frames):
    frame, outcomes = value_frames
    training = train_clv(frame, outcomes.assign(outcome_months=6), QUICK)
    assert not check(training, "warning_judged_on_later_months")["is_passed"]


@pytest.mark.parametrize("count", [0, 40])
def test_few_customers_all_get_the_mean_of_their_tier(value_frames, count):
    frame, outcomes = value_frames
    few = frame[frame["customer_id"] < f"c{count:05d}"]
    training = train_clv(few, outcomes, QUICK)
    assert (training.estimator.status, training.estimator.candidate) == ("base_rate", "prior")
    assert f"{count} customers with a purchase" in training.estimator.reason
    scored = score_clv(few, training.estimator)
    assert set(scored["method"]) <= {"prior"}
    assert scored["clv_12m"].notna().all()


def test_a_promise_far_above_what_came_is_warned_of(value_frames):
    frame, outcomes = value_frames
    dried_up = outcomes.assign(
        purchase_count_after=(outcomes["purchase_count_after"] // 3),
        value_after=outcomes["value_after"] / 3,
    )
    training = train_clv(frame, dried_up, QUICK)
    row = check(training, "warning_total_bias_pct")
    assert row["value"] > 25
    assert not row["is_passed"]
    assert training.estimator.has_warning


def test_a_large_portfolio_is_fitted_on_a_sample(value_frames):
    training = train_clv(*value_frames, replace(QUICK, max_training_customers=200))
    assert training.estimator.customer_count == 200


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda f: f.drop(columns="age_days"), FrameError, "missing columns age_days"),
        (lambda f: f.assign(value_basis=None), FrameError, "empty values: value_basis"),
        (
            lambda f: f.assign(value_basis=["margin", *["revenue"] * (len(f) - 1)]),
            FrameError,
            "mixes values of more than one basis",
        ),
        (lambda f: f.assign(recency_days=np.nan), FrameError, "rows with purchases lack"),
        (lambda f: f.assign(recency_days=9999), FitError, "contradict themselves"),
        (lambda f: pd.concat([f, f.head(2)]), FrameError, "2 rows repeat a key"),
    ],
)
def test_a_faulty_frame_is_refused(value_frames, change, error, message):
    frame, outcomes = value_frames
    with pytest.raises(error, match=message):
        train_clv(change(frame), outcomes, QUICK)


def test_outcomes_without_their_columns_are_refused(value_frames):
    with pytest.raises(FrameError, match="value outcomes: missing columns value_after"):
        train_clv(value_frames[0], value_frames[1].drop(columns="value_after"), QUICK)


@pytest.mark.parametrize(
    "settings", [{"discount_rate": -1.0}, {"outcome_months": 0}, {"top_share": 1.0}]
)
def test_senseless_settings_are_refused(settings):
    with pytest.raises(EstimatorError):
        ClvConfig(**settings)
