"""Which candidate is taken: by order at the earlier origins, else by calibration there."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from ml.churn import training
from ml.churn.candidates import BOOSTING, LOGISTIC
from ml.churn.config import ChurnConfig
from ml.churn.evaluation import Duel, calibration_error_by, difference, mean_difference
from ml.churn.panel import Panel, read_panel
from ml.churn.splits import Split
from ml.metrics import auc, average_precision
from tests.ml.conftest import simulate_churn

NO_SPLIT = Split((), (), ())


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Rows of 300 customers whose outcomes follow a number that is drawn for each row."""
    frame = simulate_churn(customers=300, months=8)
    return read_panel(frame, seed=20, is_labelled=True, name="frame")


@pytest.fixture(scope="module")
def chance(panel: Panel) -> np.ndarray:
    return np.asarray(expit(np.random.default_rng(3).normal(-1, 1.5, size=len(panel))))


@pytest.fixture(scope="module")
def heats(panel: Panel, chance: np.ndarray) -> list[training._Heat]:
    """Three origins with known chances, the newest first; both candidates rank by them."""
    drawn = (np.random.default_rng(4).random(len(panel)) < chance).astype(float)
    months = np.unique(panel.month)[::-1]
    found = []
    for month in months[:3]:
        rows = panel.month == month
        test = replace(panel.take(rows), churned=drawn[rows])
        scores = dict.fromkeys((LOGISTIC, BOOSTING), chance[rows])
        found.append(training._Heat(NO_SPLIT, test, scores))
    return found


def with_score(heat: training._Heat, name: str, score: np.ndarray) -> training._Heat:
    return replace(heat, score={**heat.score, name: score})


def says(monkeypatch, **probability):
    """Let each candidate say what the function of its name makes of the true order."""
    monkeypatch.setattr(
        training,
        "_said",
        lambda name, _panel, heat, _config: probability[name](heat.score[LOGISTIC]),
    )


def right(chance: np.ndarray) -> np.ndarray:
    return chance


def too_high(chance: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(chance))


def test_who_ranks_better_by_more_than_chance_is_taken_however_calibrated(
    panel, heats, monkeypatch, quick
):
    monkeypatch.setattr(training, "_said", pytest.fail)
    coin = np.random.default_rng(5).random(len(panel))
    worse = [with_score(heat, BOOSTING, coin[: len(heat.test)]) for heat in heats]
    chosen, rows = training._choice(panel, worse, quick)
    assert chosen == LOGISTIC
    (row,) = rows
    assert (row["metric"], row["candidate"]) == ("contest_pr_auc_gain", LOGISTIC)
    assert 0 < row["value_low"] < row["value"] < row["value_high"]


@pytest.mark.parametrize(
    ("logistic", "boosting", "taken"),
    [(too_high, right, BOOSTING), (right, too_high, LOGISTIC), (right, right, LOGISTIC)],
)
def test_of_two_that_rank_alike_the_better_calibrated_is_taken(
    panel, heats, monkeypatch, quick, logistic, boosting, taken
):
    """Equal in everything: the reference, which is simpler."""
    says(monkeypatch, logistic_regression=logistic, hist_gradient_boosting=boosting)
    chosen, rows = training._choice(panel, heats, quick)
    assert chosen == taken
    assert [row["metric"] for row in rows] == ["contest_pr_auc_gain", "contest_calibration_gain"]
    assert rows[0]["value"] == 0
    assert (rows[1]["value_low"] > 0) == (taken == BOOSTING)


def test_the_origin_that_is_judged_has_no_say(panel, heats, monkeypatch, quick):
    """Neither in order nor in calibration; alone, it decides by order."""
    seen: list[object] = []

    def said(_name, _panel, heat, _config):
        seen.append(heat)
        return heat.score[LOGISTIC]

    monkeypatch.setattr(training, "_said", said)
    newest = with_score(heats[0], LOGISTIC, -heats[0].score[LOGISTIC])
    assert training._choice(panel, [newest, *heats[1:]], quick)[0] == LOGISTIC
    assert seen
    assert all(each is not newest for each in seen)
    seen.clear()
    assert training._choice(panel, [newest], quick) == (BOOSTING, [])
    assert not seen


def test_slices_count_alike_and_a_single_one_as_it_stands(heats, quick):
    config = replace(quick, bootstrap_draws=40)
    first, second = heats[1], heats[2]
    coin = np.random.default_rng(6).random(len(first.test))
    duels = [
        Duel(first.test, coin, first.score[LOGISTIC]),
        Duel(second.test, coin[: len(second.test)], second.score[LOGISTIC]),
    ]
    found = mean_difference(duels, auc, config)
    single = [difference(each.panel, each.first, each.second, auc, config) for each in duels]
    assert found.value == pytest.approx(np.mean([each.value for each in single]))
    assert found.low < found.value < found.high
    assert mean_difference(duels[:1], auc, config) == single[0]
    same = [Duel(each.panel, each.second, each.second) for each in duels]
    assert mean_difference(same, average_precision, config).high == 0


def test_calibration_error_is_the_gap_that_was_put_in(panel, chance):
    """Everybody told a tenth too much, on rows enough for chance to be small."""
    told = np.clip(chance, 0, 0.9)
    outcome = np.tile([0.0, 1.0], 5000)
    measure = calibration_error_by(ChurnConfig(calibration_bins=1))
    assert measure(outcome, np.full(10_000, 0.6)) == pytest.approx(0.1)
    assert measure(told, told) == pytest.approx(0)
