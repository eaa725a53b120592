"""Gains, profit, grade, groups and bins: published figures, brute force and edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from ml.drift import reference_bins
from ml.errors import EstimatorError
from ml.fairness import assess_groups
from ml.grade import grade_estimator
from ml.metrics import captured, gains, stability_index
from ml.profit import ProfitConfig, expected_maximum_profit

COSTS = ProfitConfig()
ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0]),
        st.sampled_from([0.1, 0.2, 0.4, 0.5, 0.8]),
        st.sampled_from([-50.0, 0.0, 5.0, 80.0, 200.0, 2000.0]),
    ),
    min_size=1,
    max_size=40,
)


def profits(churned: np.ndarray, score: np.ndarray, value: np.ndarray, g: float) -> np.ndarray:
    """Profit per customer of approaching everybody from each score on, and nobody."""
    each = np.where(
        churned == 1,
        g * (value - COSTS.offer_cost) - COSTS.contact_cost,
        -COSTS.offer_cost - COSTS.contact_cost,
    )
    cuts = [np.inf, *np.unique(score)]
    return np.array([each[score >= cut].sum() / len(score) for cut in cuts])


@settings(deadline=None, max_examples=60)
@given(rows=ROWS)
def test_what_each_customer_adds_makes_the_profit(rows):
    churned, score, value = (np.array(column) for column in zip(*rows, strict=True))
    found = expected_maximum_profit(churned, score, COSTS, value=value)
    assert found.contribution.mean() == pytest.approx(found.profit, abs=1e-9)
    # Equal customers add the same, and who is never approached adds nothing.
    same = (churned == churned[0]) & (score == score[0]) & (value == value[0])
    assert np.ptp(found.contribution[same]) == 0
    assert found.profit > 0 or not found.contribution.any()


def test_contributions_vary_as_the_profit_does_when_customers_are_drawn_anew():
    """Their standard error is that of drawing customers and cutting the list anew each time."""
    rng = np.random.default_rng(3)
    score = rng.random(1500)
    churned = (rng.random(1500) < score**2).astype(float)
    found = expected_maximum_profit(churned, score, COSTS)
    anew = []
    for _ in range(200):
        rows = rng.integers(0, 1500, 1500)
        anew.append(expected_maximum_profit(churned[rows], score[rows], COSTS).profit)
    error = found.contribution.std() / np.sqrt(1500)
    assert error == pytest.approx(np.std(anew), rel=0.15)


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_expected_profit_equals_numeric_integration_of_the_best_choice(rows):
    churned, score, value = np.array(rows).T
    grid = np.linspace(0, 1, 20_001)
    middle = (grid[1:] + grid[:-1]) / 2
    weight = np.diff(beta_distribution.cdf(grid, 6, 14))
    slope = profits(churned, score, value, 1.0) - profits(churned, score, value, 0.0)
    base = profits(churned, score, value, 0.0)
    best = (base[:, None] + slope[:, None] * middle).max(axis=0)
    found = expected_maximum_profit(churned, score, COSTS, value=value)
    assert found.profit == pytest.approx((best * weight).sum(), abs=2e-4, rel=1e-4)


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_knowing_the_acceptance_is_worth_at_least_any_fixed_choice(rows):
    churned, score, value = np.array(rows).T
    found = expected_maximum_profit(churned, score, COSTS, value=value)
    fixed = profits(churned, score, value, 0.3).max()  # linear in g: its mean decides
    assert found.profit >= fixed - 1e-9
    assert found.profit >= 0
    assert 0 <= found.share <= 1


@settings(deadline=None, max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_profit_and_gains_do_not_depend_on_row_order(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = (
        expected_maximum_profit(y, s, COSTS, value=v)
        for y, s, v in (np.array(rows).T, np.array(shuffled).T)
    )
    assert one == other


def test_equal_values_are_the_published_measure_over_the_roc_hull():
    """Per g the best point of the ROC curve in the published form of the profit."""
    rng = np.random.default_rng(2)
    churned = (rng.random(400) < 0.2).astype(float)
    score = np.round(churned * 0.3 + rng.random(400), 2)
    value, offer, contact = 200.0, 10.0, 1.0
    left, stays = churned.sum(), (1 - churned).sum()
    cuts = [np.inf, *np.unique(score)]
    hits = np.array([churned[score >= c].sum() / left for c in cuts])
    alarms = np.array([(1 - churned)[score >= c].sum() / stays for c in cuts])
    delta, phi, rate = offer / value, contact / value, churned.mean()

    def best(g: float) -> float:
        profit = value * (
            (g * (1 - delta) - phi) * rate * hits - (delta + phi) * (1 - rate) * alarms
        )
        return float(profit.max()) * float(beta_distribution.pdf(g, 6, 14))

    expected = quad(best, 0, 1, limit=400)[0]
    found = expected_maximum_profit(churned, score, COSTS)
    assert found.profit == pytest.approx(expected, rel=1e-5)


def test_a_perfect_order_approaches_the_leavers_and_nobody_else():
    churned = np.repeat([1.0, 0.0], [20, 80])
    found = expected_maximum_profit(churned, churned, COSTS)
    pays = 1 - beta_distribution.cdf(1 / 190, 6, 14)  # an offer pays from g * 190 > 1 on
    assert found.profit == pytest.approx(0.2 * (0.3 * 190 - 1), rel=1e-4)
    assert found.share == pytest.approx(0.2 * pays)


def test_nobody_is_approached_where_no_customer_is_worth_the_offer():
    churned = np.repeat([1.0, 0.0], [50, 50])
    found = expected_maximum_profit(churned, churned, COSTS, value=np.full(100, 9.0))
    assert (found.profit, found.share) == (0.0, 0.0)


def test_the_threshold_of_the_rule_is_where_profit_turns():
    """Handbook C9: with V = 200, offer 10, contact 1, acceptance .3 it pays from p = .164 on."""
    certain = ProfitConfig(acceptance_alpha=3e7, acceptance_beta=7e7)
    for rate, pays in ((0.163, False), (0.166, True)):
        churned = np.repeat([1.0, 0.0], [round(1000 * rate), 1000 - round(1000 * rate)])
        found = expected_maximum_profit(churned, np.zeros(1000), certain)
        assert (found.profit > 1e-3) is pays


def test_profit_needs_rows_and_known_values():
    assert np.isnan(expected_maximum_profit(np.empty(0), np.empty(0), COSTS).profit)
    gap = np.array([10.0, np.nan])
    assert np.isnan(expected_maximum_profit(np.ones(2), np.ones(2), COSTS, value=gap).share)
    with pytest.raises(EstimatorError, match="positive Beta"):
        ProfitConfig(acceptance_alpha=0)
    with pytest.raises(EstimatorError, match="cannot be negative"):
        ProfitConfig(offer_cost=-1)


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_gains_rise_to_all_and_equal_capture_with_ties_by_expectation(rows):
    churned, score, _ = np.array(rows).T
    shares = [0.0, 0.1, 0.35, 0.9, 1.0]
    found = gains(churned, score, shares=shares)
    if churned.sum() == 0:
        assert np.isnan(found).all()
        return
    assert found[0] == pytest.approx(0)
    assert found[-1] == pytest.approx(1)
    assert (np.diff(found) >= -1e-12).all()
    for share, value in zip(shares, found, strict=True):
        assert value == pytest.approx(captured(churned, score, share=share)[0] / churned.sum())


def test_gains_of_equal_scores_are_those_of_chance():
    churned = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
    assert gains(churned, np.zeros(5), shares=[0.2, 0.5]) == pytest.approx([0.2, 0.5])


GOOD = {"top_decile_lift": 3.2, "ece": 0.01, "base_rate": 0.1}


@pytest.mark.parametrize(
    ("measures", "aucs", "letter", "reason"),
    [
        ({}, [0.80, 0.84, 0.85], "A", "AUC within 0.05"),
        ({}, [0.80, 0.84, 0.851], "B", "differs by at most 0.05"),
        ({}, [0.80, 0.80], "B", "the history allowed 2"),
        ({"top_decile_lift": 2.9}, [0.8] * 3, "B", "A needs a lift of 3"),
        ({"top_decile_lift": 2.0}, [0.8] * 3, "B", "A needs a lift of 3"),
        ({"top_decile_lift": 1.99}, [0.8] * 3, "C", "B needs a lift of 2"),
        ({"ece": 0.03}, [0.8] * 3, "A", ""),
        ({"ece": 0.031}, [0.8] * 3, "C", "calibration error of 0.03"),
        ({"base_rate": 0.5, "top_decile_lift": 1.6}, [0.8] * 3, "B", "a lift of 1.8"),
        ({"base_rate": 0.5, "top_decile_lift": 1.8}, [0.8] * 3, "A", ""),
        ({"ece": float("nan")}, [0.8] * 3, "C", "not computable"),
    ],
)
def test_the_grade_follows_the_handbook(measures, aucs, letter, reason):
    grade = grade_estimator(GOOD | measures, aucs, refusal="")
    assert grade.letter == letter
    assert reason in grade.reason


def test_what_failed_its_gate_is_graded_f_with_the_reason():
    grade = grade_estimator({}, [], refusal="auc_minimum is 0.6, needs >= 0.65")
    assert (grade.letter, "auc_minimum" in grade.reason) == ("F", True)


def groups(**counts: int) -> tuple[np.ndarray, np.ndarray]:
    group = np.repeat(np.array(list(counts), dtype=object), list(counts.values()))
    return group, np.arange(len(group))


def test_groups_are_compared_and_small_ones_are_not_assessable():
    group, customer = groups(north=200, south=200, tiny=99)
    churned = np.tile([1.0, 0.0, 0.0, 0.0], 125)[: len(group)]
    found_in_south = (churned == 1) & (np.cumsum(churned) % 5 == 0)
    probability = np.where(churned == 1, 0.45, 0.2)
    probability[(group == "south") & (churned == 1) & ~found_in_south] = 0.39
    north, south, tiny = assess_groups("region", group, customer, churned, probability)
    assert north.flags == ()
    assert north.measures["selection_ratio"] == 1.0
    assert south.measures["selection_ratio"] == pytest.approx(0.2)
    assert south.measures["hit_rate_gap"] == pytest.approx(0.8)
    assert set(south.flags) == {"selection_ratio", "hit_rate_gap"}
    assert not tiny.is_assessable
    assert tiny.measures == {}
    assert tiny.flags == ()


@pytest.mark.parametrize(("selected", "is_flagged"), [(80, False), (79, True)])
def test_a_ratio_of_exactly_four_fifths_is_not_flagged(selected, is_flagged):
    group, customer = groups(a=200, b=200)
    probability = np.full(400, 0.1)
    probability[:100] = 0.5
    probability[200 : 200 + selected] = 0.5
    _, other = assess_groups("region", group, customer, np.zeros(400), probability)
    assert ("selection_ratio" in other.flags) is is_flagged
    assert np.isnan(other.measures["hit_rate"])


def test_calibration_within_a_group_is_flagged_only_beyond_chance():
    rng = np.random.default_rng(5)
    group, customer = groups(fair=2000, off=2000)
    probability = np.full(4000, 0.2)
    churned = (rng.random(4000) < np.where(group == "off", 0.3, 0.2)).astype(float)
    fair, off = assess_groups("region", group, customer, churned, probability)
    assert "calibration_gap" in off.flags
    assert "calibration_gap" not in fair.flags
    repeated = [np.tile(part, 4) for part in (group, customer, churned, probability)]
    again = assess_groups("region", *repeated)[0]
    width, wider = (r.gap_interval[1] - r.gap_interval[0] for r in (fair, again))
    assert wider == pytest.approx(width)  # rows of one customer are no further evidence


def test_who_belongs_to_no_known_group_is_left_out():
    group, customer = groups(**{"": 300, "north": 100})
    (only,) = assess_groups("region", group, customer, np.zeros(400), np.full(400, 0.5))
    assert (only.group, only.customers) == ("north", 100)


def test_stability_index_of_the_handbook():
    found = stability_index(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.6, 0.3]))
    assert found == pytest.approx(0.0875, abs=5e-5)


def test_bins_are_tenths_with_a_bin_for_what_was_not_measured():
    values = np.append(np.arange(1.0, 101.0), [np.nan] * 7)
    bins = reference_bins("feature", "days", values)
    assert bins.edges.tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert bins.counts.tolist() == [7] + [10] * 10
    rows = bins.rows()
    assert [row["bin_number"] for row in rows] == list(range(11))
    assert (rows[1]["from_value"], rows[1]["to_value"]) == (None, 10)
    assert (rows[10]["from_value"], rows[10]["to_value"]) == (90, None)
    assert (rows[0]["from_value"], rows[0]["to_value"]) == (None, None)


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([0.0] * 95 + [1.0] * 5, [0, 95, 5]),
        ([3.0] * 10, [0, 10]),
        ([np.nan] * 4, [4, 0]),
        ([0.0] * 5 + [1.0] * 5, [0, 5, 5]),
    ],
)
def test_few_values_make_few_bins(values, counts):
    bins = reference_bins("feature", "flag", np.array(values))
    assert bins.counts.tolist() == counts


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80))
def test_every_value_falls_in_the_bin_whose_limits_hold_it(values):
    known = np.array(values)
    bins = reference_bins("feature", "x", known)
    assert bins.counts.sum() == len(known)
    for row in bins.rows()[1:]:
        low = -np.inf if row["from_value"] is None else row["from_value"]
        high = np.inf if row["to_value"] is None else row["to_value"]
        assert ((known > low) & (known <= high)).sum() == row["reference_count"]
