"""Champion and challenger: the rule, and the contest on outcomes that neither has seen."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from ml.champion import Contest, Standing, judge
from ml.churn.challenge import contest_churn
from ml.churn.config import ChurnConfig
from ml.churn.evaluation import difference
from ml.churn.panel import read_panel
from ml.churn.training import newest_slices, train_churn
from ml.metrics import average_precision

CHAMPION, CHALLENGER = Standing("churn-1", "published"), Standing("churn-2", "published")
ALIKE = Contest(
    row_count=3000,
    customer_count=1000,
    first_date=date(2025, 1, 31),
    last_date=date(2025, 3, 31),
    champion_pr_auc=0.40,
    challenger_pr_auc=0.405,
    gain_low=-0.01,
    gain_high=0.02,
    champion_ece=0.03,
    challenger_ece=0.03,
    ece_gain_low=-0.01,
)


def verdict(contest, *, champion=CHAMPION, challenger=CHALLENGER, has_contest=True):
    return judge(champion, challenger, has_contest=has_contest, contest=contest)


@pytest.mark.parametrize(
    ("contest", "action"),
    [
        (ALIKE, "kept"),
        (replace(ALIKE, challenger_pr_auc=0.4201, gain_low=0.001), "chosen"),
        (replace(ALIKE, challenger_pr_auc=0.4199, gain_low=0.001), "kept"),
        (replace(ALIKE, challenger_pr_auc=0.43, gain_low=-0.001), "kept"),
        (replace(ALIKE, ece_gain_low=0.001), "chosen"),
        (replace(ALIKE, ece_gain_low=0.001, gain_low=-0.03, gain_high=-0.01), "kept"),
        (replace(ALIKE, objection="auc_minimum is 0.5, needs >= 0.65"), "chosen"),
    ],
    ids=[
        "alike",
        "better by what is asked",
        "better by too little",
        "better by chance",
        "as good and better calibrated",
        "worse and better calibrated",
        "the champion fails the gate",
    ],
)
def test_a_challenger_takes_over_only_if_it_is_better_on_the_same_rows(contest, action):
    found = verdict(contest)
    assert found.action == action
    assert found.reason


def test_a_refused_challenger_never_beats_a_sound_champion():
    refused = replace(CHALLENGER, status="not_published", reason="auc is 0.6")
    better = replace(ALIKE, challenger_pr_auc=0.5, gain_low=0.05, gain_high=0.15)
    assert verdict(better, challenger=refused).action == "kept"
    failing = replace(better, objection="calibration_error is 0.2, needs < 0.05")
    assert verdict(failing, challenger=refused).action == "chosen"


def test_without_outcomes_that_the_champion_has_not_seen_the_gate_decides():
    assert verdict(None).action == "kept"
    refused = replace(CHALLENGER, status="not_published", reason="auc is 0.6")
    found = verdict(None, challenger=refused)
    assert found.action == "chosen"
    assert "auc is 0.6" in found.reason


@pytest.mark.parametrize(
    ("champion", "has_contest", "action"),
    [
        (None, True, "chosen"),
        (replace(CHAMPION, version="churn-2"), True, "kept"),
        (replace(CHAMPION, objection="its file was changed"), True, "chosen"),
        (replace(CHAMPION, status="base_rate"), True, "chosen"),
        (CHAMPION, False, "chosen"),
    ],
    ids=["none", "the same", "unusable", "a rule", "no contest"],
)
def test_what_has_nothing_to_defend_is_replaced(champion, has_contest, action):
    assert verdict(ALIKE, champion=champion, has_contest=has_contest).action == action


@pytest.fixture(scope="module")
def frame(make_churn_frame):
    return make_churn_frame(customers=400, months=22)


@pytest.fixture(scope="module")
def quick_contest() -> ChurnConfig:
    return ChurnConfig(
        boosting_iterations=10, bootstrap_draws=20, noise_draws=20, folds=3, max_origins=1
    )


@pytest.fixture(scope="module")
def champion(frame, quick_contest):
    dates = np.sort(frame["as_of_date"].unique())
    trained = train_churn(frame[frame["as_of_date"] <= dates[12]], quick_contest)
    assert trained.estimator.status == "published"
    return trained.estimator


@pytest.fixture(scope="module")
def challenger(frame, quick_contest):
    return train_churn(frame, quick_contest).estimator


def test_both_are_judged_on_months_after_the_outcomes_that_either_learnt_from(
    frame, champion, challenger, quick_contest
):
    found = contest_churn(frame, champion, challenger, quick_contest)
    slices = newest_slices(frame, quick_contest)
    assert found is not None
    assert found.first_date >= champion.labels_to
    assert found.row_count == len(slices.test)
    assert slices.learnt.month.max() + quick_contest.embargo_months <= slices.test.month.min()
    # Of one kind and one world: neither is much better than the other.
    assert abs(found.gain) < 0.1
    assert found.gain_low <= found.gain <= found.gain_high
    assert found == contest_churn(
        frame.sample(frac=1.0, random_state=3), champion, challenger, quick_contest
    )


def test_there_is_no_contest_on_outcomes_that_the_champion_has_seen(
    frame, champion, challenger, quick_contest
):
    seen = replace(champion, labels_to=newest_slices(frame, quick_contest).test.date.max().item())
    assert contest_churn(frame, seen, challenger, quick_contest) is None
    rule = replace(champion, fitted=None, status="not_published")
    assert contest_churn(frame, rule, challenger, quick_contest) is None


def test_a_champion_that_has_lost_touch_is_beaten(frame, champion, challenger, quick_contest):
    upside_down = frame.assign(
        days_since_purchase=180 - frame["days_since_purchase"],
        purchases_3m=frame["purchases_3m"].max() - frame["purchases_3m"],
        purchases_6m=frame["purchases_6m"].max() - frame["purchases_6m"],
    )
    found = contest_churn(upside_down, champion, challenger, quick_contest)
    assert found is not None
    assert found.ranks_better
    assert "auc_minimum" in found.objection
    assert verdict(found).action == "chosen"


def test_what_is_common_to_both_cancels(frame, quick_contest):
    panel = read_panel(frame, seed=1, is_labelled=True, name="frame")
    score = np.clip(panel.feature("days_since_purchase") / 180, 0.01, 0.99)
    same = difference(panel, score, score.copy(), average_precision, quick_contest)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    coin = np.random.default_rng(1).random(len(panel))
    better = difference(panel, coin, score, average_precision, quick_contest)
    assert 0 < better.low <= better.value <= better.high
