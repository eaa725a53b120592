"""Splits, calibration, baseline rules: one behaviour each."""

from datetime import date

import numpy as np
import pytest
from scipy.special import expit, logit

from ml.churn.baseline import TIER, TIER_TENURE, fit_rates, group_labels, rule_names
from ml.churn.calibration import calibration_error, fit_calibrator, fit_line, line_interval
from ml.churn.config import ChurnConfig
from ml.churn.panel import read_panel
from ml.churn.splits import label_end, plan_splits
from ml.errors import EstimatorError, FrameError


def months(count: int) -> list[int]:
    return list(range(24_000, 24_000 + count))


@pytest.mark.parametrize("count", range(10, 50, 3))
def test_no_label_of_a_slice_reaches_into_the_next(count):
    config = ChurnConfig()
    for split in plan_splits(months(count), config):
        later = split.calibrate or split.test
        assert max(split.train) + config.label_months <= min(later)
        assert max(later) + (config.label_months if split.calibrate else 0) <= max(split.test)


def test_a_history_without_room_for_the_embargo_has_no_split():
    assert plan_splits(months(8), ChurnConfig()) == []
    assert plan_splits([], ChurnConfig()) == []


def test_a_short_history_is_tested_on_fewer_months():
    (split,) = plan_splits(months(9), ChurnConfig(min_train_months=3, label_months=5))
    assert len(split.test) == 2


def test_origins_go_back_without_overlapping():
    splits = plan_splits(months(24), ChurnConfig())
    tested = [month for split in splits for month in split.test]
    assert len(splits) == 3
    assert len(tested) == len(set(tested)) == 9
    assert splits[0].test[-1] == months(24)[-1]


def test_months_are_set_aside_to_calibrate_only_where_history_is_long():
    assert plan_splits(months(18), ChurnConfig())[0].calibrate == ()
    long = plan_splits(months(36), ChurnConfig())[0]
    assert len(long.calibrate) == 3
    assert len(long.train) >= 12


def test_a_contractual_embargo_is_label_plus_grace():
    (split, *_) = plan_splits(months(24), ChurnConfig(grace_days=30))
    assert min(split.test) - max(split.train) == 7


@pytest.mark.parametrize(
    ("as_of_date", "grace_days", "end"),
    [
        (date(2024, 1, 31), 0, date(2024, 7, 31)),
        (date(2024, 1, 31), 30, date(2024, 8, 31)),
        # 30 days from the end of January reach into March.
        (date(2024, 7, 31), 30, date(2025, 3, 31)),
    ],
)
def test_a_label_is_known_when_its_months_and_the_grace_are_over(as_of_date, grace_days, end):
    assert label_end(as_of_date, ChurnConfig(grace_days=grace_days)) == end


@pytest.mark.parametrize(
    "settings",
    [
        {"label_months": 0},
        {"folds": 2},
        {"contest_folds": 1},
        {"interval_level": 1.0},
        {"max_origins": 0},
    ],
)
def test_senseless_settings_are_refused(settings):
    with pytest.raises(EstimatorError):
        ChurnConfig(**settings)


def calibrated(rows: int = 6000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    chance = rng.beta(2, 4, rows)
    return (rng.random(rows) < chance).astype(float), chance, np.arange(rows) // 3


def test_calibration_line_finds_a_known_slope_and_intercept():
    churned, chance, customer = calibrated()
    line = fit_line(churned, (logit(chance) - 0.4) / 0.5, customer)
    low, high = line_interval(line.slope, line.slope_error)
    assert low < 0.5 < high
    assert line.intercept == pytest.approx(0.4, abs=0.12)


def test_calibration_line_equals_maximum_likelihood():
    from sklearn.linear_model import LogisticRegression

    churned, chance, customer = calibrated(800)
    line = fit_line(churned, logit(chance), customer)
    other = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(chance)[:, None], churned)
    assert line.slope == pytest.approx(other.coef_[0, 0], abs=1e-4)
    assert line.intercept == pytest.approx(other.intercept_[0], abs=1e-4)


def test_rows_of_one_customer_do_not_count_as_many():
    churned, chance, _ = calibrated(600)
    alone = fit_line(churned, logit(chance), np.arange(600))
    copies = [np.tile(part, 5) for part in (churned, logit(chance), np.arange(600))]
    repeated = fit_line(*copies)
    assert repeated.slope_error == pytest.approx(alone.slope_error, rel=0.02)


def test_separated_classes_have_no_line():
    score = np.linspace(-1, 1, 40)
    assert np.isnan(fit_line((score > 0).astype(float), score, np.arange(40)).slope)
    assert np.isnan(fit_line(np.ones(40), score, np.arange(40)).slope)


def test_calibration_error_of_right_probabilities_is_noise_only():
    churned, chance, _ = calibrated(20_000)
    found = calibration_error(churned, chance, bins=10, draws=200, seed=1)
    assert found.raw > 0.002
    assert abs(found.corrected) < 0.006


def test_calibration_error_sees_probabilities_that_are_off():
    churned, chance, _ = calibrated(20_000)
    found = calibration_error(churned, np.clip(chance + 0.1, 0, 1), bins=10, draws=50, seed=1)
    assert found.corrected == pytest.approx(0.1, abs=0.01)


def test_calibration_error_does_not_depend_on_row_order():
    churned, chance, _ = calibrated(500)
    rounded = chance.round(1)  # many ties, cut by the bins
    order = np.random.default_rng(3).permutation(500)
    first = calibration_error(churned, rounded, bins=10, draws=20, seed=1)
    second = calibration_error(churned[order], rounded[order], bins=10, draws=20, seed=1)
    assert first.raw == second.raw
    assert first.noise == second.noise


@pytest.mark.parametrize(("least", "kind"), [(10, "isotonic"), (10_000, "sigmoid")])
def test_calibration_repairs_a_distorted_score(least, kind):
    churned, chance, customer = calibrated()
    distorted = 3 * logit(chance) + 2
    calibrator = fit_calibrator(distorted, churned, customer, isotonic_min_positives=least)
    assert calibrator.kind == kind
    assert np.abs(calibrator.apply(distorted) - chance).mean() < 0.03


def test_calibrated_probabilities_are_never_certain():
    score = np.linspace(-4, 4, 100)
    churned = (score > 0).astype(float)
    for least in (1, 1000):
        found = fit_calibrator(score, churned, np.arange(100), isotonic_min_positives=least).apply(
            np.array([-1e6, 0.0, 1e6])
        )
        assert (found > 0).all()
        assert (found < 1).all()


def test_a_handful_who_all_left_do_not_make_certainty():
    score = np.repeat([-2.0, 0.0, 2.0], [500, 500, 12])
    churned = np.concatenate([np.zeros(500), np.tile([0.0, 1.0], 250), np.ones(12)])
    found = fit_calibrator(score, churned, np.arange(1012), isotonic_min_positives=1)
    low, middle, high = found.apply(np.array([-2.0, 0.0, 2.0]))
    assert low == pytest.approx(0.5 / 501)
    assert middle == pytest.approx(0.5)
    assert high == pytest.approx(12.5 / 13)


def test_rules_follow_the_length_of_the_label():
    assert rule_names(ChurnConfig()) == (
        "no_purchase_days_91",
        "no_purchase_days_45",
        "no_purchase_days_22",
        TIER,
    )
    assert rule_names(ChurnConfig(label_months=12))[0] == "no_purchase_days_182"


def test_small_groups_are_pulled_to_the_rate_of_all(churn_frame):
    few = churn_frame.assign(
        tier=np.where(churn_frame["customer_id"] == "c00001", "Z", "A"),
        is_churned=np.where(
            churn_frame["customer_id"] == "c00001", True, churn_frame["is_churned"]
        ),
    )
    panel = read_panel(few, seed=1, is_labelled=True, name="frame")
    rates = fit_rates(TIER, panel, ChurnConfig())
    chance = rates.probability(panel)[panel.tier == "Z"][0]
    low, high = rates.interval(panel, level=0.9)
    assert rates.overall < chance < rates.overall + 0.06
    wide, narrow = (high - low)[panel.tier == "Z"][0], (high - low)[panel.tier == "A"][0]
    assert wide > 2 * narrow


def test_an_unknown_group_gets_the_rate_of_all(churn_frame):
    known = read_panel(churn_frame, seed=1, is_labelled=True, name="frame")
    rates = fit_rates(TIER_TENURE, known, ChurnConfig())
    new = read_panel(churn_frame.head(3).assign(tier="new"), seed=1, is_labelled=False, name="f")
    assert rates.probability(new) == pytest.approx(np.full(3, rates.overall))


def test_an_unknown_day_count_belongs_to_the_lapsing(churn_frame):
    panel = read_panel(churn_frame, seed=1, is_labelled=True, name="frame")
    rates = fit_rates("no_purchase_days_91", panel, ChurnConfig())
    frame = churn_frame.head(2).assign(days_since_purchase=[np.nan, 150.0])
    chance = rates.probability(read_panel(frame, seed=1, is_labelled=False, name="frame"))
    assert chance[0] == chance[1] > rates.overall


def test_silence_says_nothing_of_who_pays_by_contract(churn_frame):
    frame = churn_frame.head(4).assign(
        is_contractual=[1, 1, 0, 0], days_since_purchase=[5.0, 300.0, 5.0, 300.0]
    )
    panel = read_panel(frame, seed=1, is_labelled=False, name="frame")
    groups = group_labels("no_purchase_days_91", panel)
    assert groups.tolist() == ["under_contract", "under_contract", "recent", "lapsing"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="gap_cv_12m"), "missing columns gap_cv_12m"),
        (lambda f: f.assign(is_churned=None), "null or empty values: is_churned"),
        (lambda f: f.assign(is_churned=2), "is_churned must be true or false"),
        (lambda f: f.assign(customer_id=""), "null or empty values: customer_id"),
        (lambda f: f.assign(revenue_3m="lots"), "revenue_3m is not numeric"),
    ],
)
def test_a_faulty_frame_is_refused_with_its_columns(churn_frame, change, message):
    with pytest.raises(FrameError, match=message):
        read_panel(change(churn_frame), seed=1, is_labelled=True, name="frame")


def test_a_frame_in_which_nothing_was_measured_is_refused(churn_frame):
    from ml.churn.features import FEATURES

    empty = churn_frame.assign(**dict.fromkeys(FEATURES, np.nan))
    with pytest.raises(FrameError, match="all feature columns are empty: days_since_purchase"):
        read_panel(empty, seed=1, is_labelled=True, name="frame")


def test_expit_of_the_fitted_line_is_the_sigmoid(churn_frame):
    churned, chance, customer = calibrated(500)
    fitted = fit_calibrator(logit(chance), churned, customer, isotonic_min_positives=10**6)
    line = fit_line(churned, logit(chance), customer)
    assert fitted.apply(np.zeros(1))[0] == pytest.approx(expit(line.intercept))
