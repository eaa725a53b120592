"""Every check of the gate can fail, alone, and says why."""

from dataclasses import replace

import numpy as np
import pytest

from ml.churn.calibration import CalibrationError
from ml.churn.config import ChurnConfig
from ml.churn.evaluation import Evaluation
from ml.churn.features import FEATURES
from ml.churn.gate import GateInput, run_gate, strongest_feature
from ml.churn.panel import Panel, read_panel
from ml.gate import Check, is_publishable, refusal_reason

GOOD = {
    "auc": 0.75,
    "pr_auc": 0.6,
    "top_decile_lift": 2.0,
    "brier": 0.15,
    "brier_skill": 0.2,
    "ece_raw": 0.03,
    "ece_noise": 0.01,
    "ece": 0.02,
    "calibration_slope": 1.0,
    "calibration_intercept": 0.0,
    "base_rate": 0.3,
    "mean_probability": 0.3,
}
NAN = float("nan")


@pytest.fixture(scope="module")
def train(churn_frame) -> Panel:
    return read_panel(churn_frame, seed=1, is_labelled=True, name="frame")


def judge(
    train: Panel,
    *,
    slope: tuple[float, float] = (0.9, 1.1),
    baseline: float = 0.6,
    **measures: float,
) -> dict[str, Check]:
    table = CalibrationError(0.03, 0.01, np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
    evaluation = Evaluation(GOOD | measures, {"calibration_slope": slope}, table, 1000, 500)
    checks = run_gate(GateInput(evaluation, baseline, train), ChurnConfig())
    return {check.check_name: check for check in checks}


def failed(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if check.is_blocking and not check.is_passed}


def test_a_good_estimator_passes_every_check(train):
    checks = judge(train)
    assert failed(checks) == set()
    assert is_publishable(list(checks.values()))
    assert refusal_reason(list(checks.values())) == ""


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"auc": 0.64, "baseline": 0.6}, {"auc_minimum"}),
        ({"baseline": 0.75}, {"auc_above_baseline"}),
        ({"top_decile_lift": 1.49}, {"top_decile_lift"}),
        ({"brier_skill": 0.0}, {"brier_skill"}),
        ({"ece": 0.05}, {"calibration_error"}),
        ({"slope": (0.5, 0.79)}, {"calibration_slope"}),
        ({"slope": (1.26, 1.6)}, {"calibration_slope"}),
        ({"auc": 0.951}, {"suspicion_auc"}),
        ({"pr_auc": 0.901}, {"suspicion_pr_auc"}),
        ({"auc": NAN}, {"auc_minimum", "auc_above_baseline", "suspicion_auc"}),
        ({"top_decile_lift": NAN}, {"top_decile_lift"}),
        ({"brier_skill": NAN}, {"brier_skill"}),
        ({"ece": NAN}, {"calibration_error"}),
        ({"slope": (NAN, NAN)}, {"calibration_slope"}),
        ({"pr_auc": NAN, "base_rate": 0.7}, {"suspicion_pr_auc"}),
    ],
)
def test_each_measure_can_fail_its_check(train, change, names):
    checks = judge(train, **change)
    assert failed(checks) == names
    assert not is_publishable(list(checks.values()))
    assert all(name in refusal_reason(list(checks.values())) for name in names)


@pytest.mark.parametrize(("label", "name"), [(1.0, "churned_customers"), (0.0, "kept_customers")])
def test_too_few_customers_of_a_kind_fail_however_many_rows(train, label, name):
    few = train.take((train.churned != label) | (train.customer < 99))
    assert (few.churned == label).sum() > 100
    assert name in failed(judge(few))


def test_the_lift_asked_for_is_what_the_base_rate_allows(train):
    assert failed(judge(train, base_rate=0.6, top_decile_lift=1.01)) == set()
    assert failed(judge(train, base_rate=0.3, top_decile_lift=1.01)) == {"top_decile_lift"}


def test_a_high_pr_auc_is_not_suspicious_where_most_churn(train):
    assert failed(judge(train, base_rate=0.7, pr_auc=0.95, top_decile_lift=1.4)) == set()


def test_a_slope_interval_that_touches_the_range_passes(train):
    assert failed(judge(train, slope=(1.2, 1.6))) == set()


def test_warnings_do_not_block(train):
    checks = judge(train, base_rate=0.55, top_decile_lift=1.6)
    assert not checks["warning_base_rate_shift"].is_passed
    assert is_publishable(list(checks.values()))


def test_a_feature_that_decides_alone_is_named(train):
    leaking = train.features.copy()
    leaking[:, FEATURES.index("purchases_1m")] = -train.churned
    checks = judge(replace(train, features=leaking))
    assert not checks["warning_single_feature_auc"].is_passed
    assert "purchases_1m" in checks["warning_single_feature_auc"].explanation


def test_a_feature_never_measured_is_named(train):
    gone = train.features.copy()
    gone[:, FEATURES.index("revenue_6m")] = np.nan
    checks = judge(replace(train, features=gone))
    assert not checks["warning_features_not_measured"].is_passed
    assert "revenue_6m" in checks["warning_features_not_measured"].explanation


def test_nothing_can_be_the_strongest_feature_where_nothing_is_measured(train):
    blank = replace(train, features=np.full_like(train.features, np.nan))
    name, strength = strongest_feature(blank)
    assert name == "none"
    assert np.isnan(strength)


def test_every_check_has_an_explanation_and_a_threshold(train):
    for check in judge(train).values():
        assert len(check.explanation) > 20
        assert check.threshold
