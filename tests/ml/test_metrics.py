import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.metrics import auc, average_precision, normalised_gini, top_capture, top_lift

LABELS_AND_SCORES = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.1, 0.2, 0.4, 0.5, 0.8])),
    min_size=4,
    max_size=60,
).filter(lambda rows: 0 < sum(y for y, _ in rows) < len(rows))


def split(rows: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(rows)
    return table[:, 0], table[:, 1]


@settings(deadline=None, max_examples=60)
@given(LABELS_AND_SCORES)
def test_auc_and_average_precision_equal_scikit_learn_with_ties(rows):
    outcome, score = split(rows)
    assert auc(outcome, score) == pytest.approx(roc_auc_score(outcome, score))
    assert average_precision(outcome, score) == pytest.approx(
        average_precision_score(outcome, score)
    )


@settings(deadline=None, max_examples=60)
@given(LABELS_AND_SCORES, st.randoms(use_true_random=False))
def test_no_measure_depends_on_row_order(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    for measure in (auc, average_precision, top_lift, normalised_gini):
        assert measure(*split(rows)) == measure(*split(shuffled))


@settings(deadline=None, max_examples=60)
@given(LABELS_AND_SCORES)
def test_lift_stays_between_zero_and_one_over_the_base_rate(rows):
    outcome, score = split(rows)
    lift = top_lift(outcome, score)
    assert 0 <= lift <= 1 / outcome.mean() + 1e-9


@settings(deadline=None, max_examples=40)
@given(LABELS_AND_SCORES)
def test_weights_count_like_repeated_rows(rows):
    outcome, score = split(rows)
    weight = np.arange(len(rows)) % 3 + 1.0
    repeated = np.repeat(np.arange(len(rows)), weight.astype(int))
    for measure in (auc, average_precision, top_lift):
        assert measure(outcome, score, weight) == pytest.approx(
            measure(outcome[repeated], score[repeated])
        )


def test_tied_scores_give_the_expected_lift_not_a_lucky_one():
    outcome = np.array([1.0] * 5 + [0.0] * 15)
    assert top_lift(outcome, np.full(20, 0.3)) == pytest.approx(1.0)
    assert auc(outcome, np.full(20, 0.3)) == pytest.approx(0.5)


def test_lift_of_a_perfect_order():
    outcome = np.array([1.0] * 2 + [0.0] * 18)
    assert top_lift(outcome, np.linspace(1, 0, 20)) == pytest.approx(10.0)


def test_one_class_has_no_auc():
    assert np.isnan(auc(np.ones(5), np.arange(5.0)))
    assert np.isnan(average_precision(np.zeros(5), np.arange(5.0)))


def test_gini_is_one_for_the_right_order_and_minus_one_for_the_reverse():
    amount = np.array([0.0, 1.0, 5.0, 20.0])
    assert normalised_gini(amount, amount) == pytest.approx(1.0)
    assert normalised_gini(amount, -amount) == pytest.approx(-1.0)
    assert normalised_gini(amount, np.ones(4)) == pytest.approx(0.0)


def test_capture_takes_a_fraction_of_a_tied_group():
    assert top_capture(np.array([10.0, 0, 0, 0, 0]), np.ones(5), share=0.2) == pytest.approx(0.2)
    assert top_capture(np.array([10.0, 0, 0, 0, 0]), np.arange(5, 0, -1.0), share=0.2) == 1.0
