"""Reasons of a churn probability, and the tree that outlines the estimator."""

import re
from itertools import combinations
from math import factorial, isnan, nan
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.churn.candidates import BOOSTING, LOGISTIC, fit_base
from ml.churn.config import ChurnConfig
from ml.churn.contributions import LINEAR, TREE_SHAP, contributions
from ml.churn.estimator import ChurnEstimator, score_churn
from ml.churn.features import FEATURES
from ml.churn.panel import read_panel
from ml.churn.reasons import LOWERS, RAISES, TOP, churn_reasons
from ml.churn.surrogate import DEPTH, Surrogate, fit_surrogate, surrogate_svg, surrogate_text
from ml.churn.training import ChurnTraining, train_churn
from ml.churn.words import WORDS, words_of
from ml.frames import TABLES
from ml.registry import load_estimator, save_estimator

EXACT = 1e-9


@pytest.fixture(scope="module")
def trained(churn_frame, quick) -> ChurnTraining:
    return train_churn(churn_frame, quick)


@pytest.fixture(scope="module")
def panel(churn_frame):
    return read_panel(churn_frame, seed=20, is_labelled=True, name="frame")


@pytest.fixture(scope="module", params=[LOGISTIC, BOOSTING])
def fitted(request, panel, quick):
    return fit_base(request.param, panel, quick)


def test_base_value_and_contributions_sum_to_the_score(fitted, panel):
    found = contributions(fitted, panel.features)
    total = found.base + found.parts.sum(axis=1)
    assert np.abs(total - fitted.score(panel.features)).max() < EXACT
    assert np.abs(found.parts).max() > 0.1


def test_contributions_sum_with_any_value_missing(fitted, panel):
    rng = np.random.default_rng(1)
    features = np.where(rng.random(panel.features.shape) < 0.4, np.nan, panel.features)
    features[0] = np.nan
    found = contributions(fitted, features)
    assert np.abs(found.base + found.parts.sum(axis=1) - fitted.score(features)).max() < EXACT


def test_the_mean_contribution_of_a_feature_of_the_line_is_zero(panel, quick):
    line = fit_base(LOGISTIC, panel, quick)
    found = contributions(line, panel.features)
    assert found.method == LINEAR
    assert np.abs(found.parts.mean(axis=0)).max() < EXACT


def test_a_row_has_the_same_contributions_whatever_stands_around_it(fitted, panel):
    whole = contributions(fitted, panel.features[:50]).parts
    alone = np.vstack([contributions(fitted, panel.features[[i]]).parts for i in range(50)])
    assert (whole == alone).all()
    assert contributions(fitted, panel.features[:0]).parts.shape == (0, len(FEATURES))


def expected_value(nodes: Any, row: np.ndarray, known: frozenset[int], node: int = 0) -> float:
    """The game of path-dependent TreeSHAP by its definition: unknown features go both ways."""
    here = nodes[node]
    if here["is_leaf"]:
        return float(here["value"])
    left, right = int(here["left"]), int(here["right"])
    value = row[here["feature_idx"]]
    if here["feature_idx"] in known:
        goes_left = here["missing_go_to_left"] if isnan(value) else value <= here["num_threshold"]
        return expected_value(nodes, row, known, left if goes_left else right)
    share = nodes["count"][left] / here["count"]
    return share * expected_value(nodes, row, known, left) + (1 - share) * expected_value(
        nodes, row, known, right
    )


def shapley_by_definition(nodes: Any, row: np.ndarray, player: int, players: list[int]) -> float:
    others = [p for p in players if p != player]
    count, total = len(players), 0.0
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(count - size - 1) / factorial(count)
        for chosen in combinations(others, size):
            known = frozenset(chosen)
            gain = expected_value(nodes, row, known | {player}) - expected_value(nodes, row, known)
            total += weight * gain
    return total


def test_trees_are_attributed_as_the_definition_of_shapley_values_says(make_churn_frame):
    config = ChurnConfig(boosting_iterations=3, boosting_leaves=9, boosting_min_leaf=20)
    frame = make_churn_frame(customers=80, months=8)
    features = FEATURES[:6]
    panel = read_panel(frame, seed=1, is_labelled=True, name="frame", features=features)
    rng = np.random.default_rng(3)
    values = np.where(rng.random(panel.features.shape) < 0.2, np.nan, panel.features)
    base = fit_base(BOOSTING, panel, config)
    found = contributions(base, values[:8])
    assert found.method == TREE_SHAP
    trees = [predictor.nodes for (predictor,) in base.estimator._predictors]
    players = list(range(len(features)))
    for row, given_values in enumerate(found.parts):
        for player in players:
            right = sum(shapley_by_definition(t, values[row], player, players) for t in trees)
            assert given_values[player] == pytest.approx(right, abs=1e-12)


def test_a_feature_that_the_estimator_does_not_read_adds_nothing(churn_frame, quick):
    frame = churn_frame.assign(basket_value_12m=np.nan)
    panel = read_panel(frame, seed=20, is_labelled=True, name="frame")
    for name in (LOGISTIC, BOOSTING):
        found = contributions(fit_base(name, panel, quick), panel.features[:20])
        assert (found.parts[:, FEATURES.index("basket_value_12m")] == 0).all()


def test_reasons_have_the_columns_of_the_table_and_their_ranks(trained, churn_frame):
    reasons = churn_reasons(churn_frame.head(40), trained.estimator)
    assert list(reasons) == list(TABLES["churn_reasons"])
    assert set(reasons["direction"]) == {RAISES, LOWERS}
    key = ["customer_id", "as_of_date", "direction"]
    assert not reasons.duplicated([*key, "feature"]).any()
    for (*_, direction), rows in reasons.groupby(key):
        assert list(rows["reason_rank"]) == list(range(1, len(rows) + 1))
        assert len(rows) <= TOP
        size = rows["contribution_log_odds"] * (1 if direction == RAISES else -1)
        assert (size > 0).all()
        assert size.is_monotonic_decreasing


def test_what_is_listed_and_what_is_not_make_the_score(trained, churn_frame):
    reasons = churn_reasons(churn_frame.head(200), trained.estimator)
    groups = reasons.groupby(["customer_id", "as_of_date"])
    first = groups.first()
    pd.testing.assert_series_equal(groups["score_log_odds"].min(), groups["score_log_odds"].max())
    total = first["base_log_odds"] + groups["contribution_log_odds"].sum()
    gap = total + first["unlisted_log_odds"] - first["score_log_odds"]
    assert gap.abs().max() < EXACT
    assert first["unlisted_log_odds"].abs().max() > 0


def test_the_told_score_leads_to_the_published_probability(trained, churn_frame):
    few = churn_frame.head(40)
    told = churn_reasons(few, trained.estimator).drop_duplicates(["customer_id", "as_of_date"])
    scored = score_churn(few, trained.estimator)
    both = told.merge(scored, on=["customer_id", "as_of_date"])
    assert len(both) == 40
    calibrated = trained.estimator.fitted.whole.calibrator.apply(both["score_log_odds"].to_numpy())
    assert np.abs(calibrated - both["churn_probability"]).max() < EXACT


def test_reasons_do_not_depend_on_the_order_of_rows(trained, churn_frame):
    few = churn_frame.head(60)
    shuffled = few.sample(frac=1.0, random_state=4)
    pd.testing.assert_frame_equal(
        churn_reasons(few, trained.estimator), churn_reasons(shuffled, trained.estimator)
    )


def test_a_rule_gives_no_reasons(churn_frame, quick):
    refused = train_churn(churn_frame[churn_frame["as_of_date"] < "2023-04-01"], quick).estimator
    assert refused.fitted is None
    reasons = churn_reasons(churn_frame.head(5), refused)
    assert len(reasons) == 0
    assert list(reasons) == list(TABLES["churn_reasons"])
    assert len(refused.surrogate_nodes()) == 0


def test_every_feature_has_words_of_its_own():
    assert set(WORDS) == set(FEATURES)
    for words in WORDS.values():
        assert words.high.count("{}") == words.low.count("{}") == 1
        assert not words.label_zh.isascii()


@pytest.mark.parametrize(
    ("feature", "value", "usual", "text"),
    [
        ("days_since_purchase", 94.0, 31.0, "no purchase for 94 days (usual: 31 days)"),
        ("days_since_purchase", 1.0, 31.0, "last purchase only 1 day ago (usual: 31 days)"),
        ("purchases_3m", 2.0, 2.0, "purchases in 3 months: 2 (as usual)"),
        ("sentiment", nan, 0.1, "nothing written in 12 months"),
        (
            "renewal_ratio_24m",
            0.5,
            nan,
            "share of terms renewed: 50 % (most customers have none)",
        ),
        (
            "revenue_trend_3m",
            -0.4,
            0.1,
            "revenue of 3 months falls behind: -40 % against the 3 before (usual: +10 %)",
        ),
        ("resolution_business_minutes_mean_6m", 90.0, 60.0, "slow solution of tickets: 1.50 h of "
         "working time (usual: 1 h)"),
        ("monthly_charges", 70.0, 50.0, "high monthly charges: 70 (usual: 50)"),
    ],
)  # fmt: skip
def test_reasons_are_told_in_words(feature, value, usual, text):
    assert words_of(feature).tell(value, usual) == text


def test_the_side_of_a_limit_is_said_in_the_unit_of_the_feature():
    assert words_of("purchases_6m").side(2.5, is_below=True) == "purchases in 6 months at most 2"
    assert words_of("sentiment").side(0.125, is_below=False).endswith("above 0.12")
    assert words_of("is_tenure_censored").side(0.5, is_below=True).endswith("begin: no")
    assert words_of("is_tenure_censored").side(0.5, is_below=False).endswith("begin: yes")


def test_reasons_are_told_in_chinese():
    words = WORDS["days_since_purchase"]
    assert words.tell_in_chinese(94.0, 31.0) == "距上次购买：94 天（通常 31 天）"
    assert words.tell_in_chinese(nan, 31.0) == "距上次购买：无数据"
    assert words.tell_in_chinese(94.0, nan) == "距上次购买：94 天（多数客户无此数据）"


@given(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))
@settings(max_examples=40, deadline=None)
def test_no_value_breaks_the_words(value, usual):
    for words in WORDS.values():
        assert not re.search(r"\bnan\b", words.tell(value, usual))
        assert words.tell_in_chinese(value, usual)


def test_the_surrogate_travels_with_the_estimator(trained, tmp_path):
    again = load_estimator(save_estimator(trained, tmp_path))
    assert isinstance(again, ChurnEstimator)
    pd.testing.assert_frame_equal(again.surrogate_nodes(), trained.estimator.surrogate_nodes())
    assert (again.usual_values == trained.estimator.usual_values)[
        ~np.isnan(again.usual_values)
    ].all()


def test_the_surrogate_asks_at_most_three_questions_and_its_parts_make_the_whole(trained):
    nodes = trained.estimator.surrogate_nodes()
    assert nodes["depth"].max() <= DEPTH
    leaves = nodes[nodes["is_leaf"]]
    root = nodes[nodes["depth"] == 0].iloc[0]
    assert leaves["row_count"].sum() == root["row_count"]
    mean = (leaves["row_count"] * leaves["mean_probability"]).sum() / root["row_count"]
    assert mean == pytest.approx(root["mean_probability"])
    assert (nodes.loc[nodes["depth"] > 0, "condition"] != "").all()


def noted(panel, probability, config) -> Surrogate:
    found = fit_surrogate(panel, probability, config)
    assert found is not None
    return found


def test_fidelity_is_one_for_a_tree_and_low_for_noise(panel, quick):
    tree = np.where(panel.feature("days_since_purchase") > 70, 0.6, 0.1)
    assert noted(panel, tree, quick).fidelity == pytest.approx(1.0)
    noise = np.random.default_rng(2).random(len(panel))
    assert noted(panel, noise, quick).fidelity < 0.1
    assert isnan(noted(panel, np.full(len(panel), 0.2), quick).fidelity)


def test_fidelity_is_measured_on_customers_that_the_tree_has_not_seen(panel, quick):
    judged = panel.fold_hash % np.uint64(quick.folds) == 0
    told = np.where(panel.feature("days_since_purchase") > 70, 0.6, 0.1)
    other = np.where(judged, 0.7 - told, told)
    found = noted(panel, other, quick)
    assert found.fidelity < 0
    assert found.fidelity_rows == judged.sum()


def test_the_surrogate_sends_missing_values_where_they_were_learnt(panel, quick):
    column = panel.names.index("gap_cv_12m")
    lacks = np.isnan(panel.features[:, column])
    found = noted(panel, np.where(lacks, 0.7, 0.2), quick)
    assert found.fidelity == pytest.approx(1.0)
    text = surrogate_text(found.nodes())
    assert "not known" in text
    assert "70.0 % leave" in text


def test_text_and_picture_of_the_surrogate_are_the_same_for_the_same_rows(panel, quick):
    told = np.where(panel.feature("purchases_6m") > 2, 0.1, 0.5)
    rows = noted(panel, told, quick).nodes()
    text = surrogate_text(rows)
    assert "purchases in 6 months at most 2: 50.0 % leave" in text
    assert "purchases in 6 months above 2: 10.0 % leave" in text
    assert "reproduces 100 % of the variation" in text
    picture = surrogate_svg(rows)
    assert picture == surrogate_svg(rows[::-1])
    assert picture.count("<rect") == len(rows)
    assert picture.count("<path") == len(rows) - 1
    assert surrogate_svg([]) == surrogate_text([]) == ""
